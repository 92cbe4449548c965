import Graphs
import Sampling
import Tensors
import Testing

/// Samples are part of the determinism contract: what was picked for a seed is picked for ever.
@Suite struct StoredSamplesTests {
  /// 300 inner nodes and 100 halo nodes; node `v` has `v % 7` edges, or 20 … 99, or, now and then, hundreds or thousands.
  static func graph(relations: Int) -> InEdges {
    let key = RandomKey(seed: 77, purpose: .generator)
    let (inner, halo) = (300, 100)
    var indptr: [Int64] = [0]
    var (indices, kinds): ([UInt32], [UInt16]) = ([], [])
    for node in 0..<inner {
      let degree = node % 50 == 49 ? 40 * node : node % 10 == 9 ? 2 * node : node % 3 == 0 ? node % 7 : 20 + node % 80
      for edge in 0..<degree {
        let words = key.bits(id: UInt64(node), step: UInt32(edge))
        indices.append(boundedIndex(words[0], below: UInt32(inner + halo)))
        kinds.append(UInt16(edge * relations / degree))
      }
      indptr.append(Int64(indices.count))
    }
    return InEdges(
      indptr: ArrayView(indptr), indices: ArrayView(indices), relations: relations == 1 ? nil : ArrayView(kinds),
      original: ArrayView((0..<inner).map { Int64($0) * 12_345_678_901 % 1_000_003 }),
      haloOriginal: ArrayView((0..<halo).map { Int64(7 * $0) }), firstGlobalID: 5000,
      halo: ArrayView((0..<halo).map { Int64(20_000 + 3 * $0) }),
      degrees: ArrayView((0..<inner).map { UInt32(indptr[$0 + 1] - indptr[$0]) }), haloDegrees: ArrayView((0..<halo).map { UInt32($0) }))
  }

  /// FNV-1a over all numbers of a block.
  private func fingerprint(_ block: Block) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }
    for id in block.sourceIDs.elements { add(UInt64(id.rawValue)) }
    for degree in block.sourceDegrees.elements { add(UInt64(degree)) }
    for list in block.relations {
      for offset in list.indptr.elements { add(UInt64(offset)) }
      for source in list.sources.elements { add(UInt64(source)) }
      for degree in list.degrees.elements { add(UInt64(degree)) }
    }
    return hash
  }

  @Test(
    arguments: [
      (1, 0x8a5_4b20_1752_0642, 0xa687_74d0_f160_cdf7),
      (5, 0x806c_d622_28c7_8b05, 0xee12_305c_9595_cb3c),
      (10, 0xc9c4_a568_ea2c_dfeb, 0xb277_aa54_e390_847e),
      (15, 0xe1a7_74f9_4753_21d9, 0x4ad5_e167_7fba_0e38),
      (25, 0x9c10_2bd9_0474_ffec, 0x35a7_3ad3_8ac3_6ea0),
      (64, 0x33b0_e204_450e_464e, 0xeaa4_49eb_8390_8069),
      (65, 0x6311_a96f_fdde_8a85, 0xc683_ee63_fa05_b3f1),
      (128, 0xf2f5_bb21_68ab_be9c, 0x1c34_9f36_5a39_d29e),
      (129, 0x32e8_705c_137e_22eb, 0x3e30_50b9_4a5e_0c42),
      (500, 0x1f21_1f59_32ce_9e37, 0x3aa3_b4ab_c4d7_80ec),
      (Int.max, 0x51b4_f614_5dec_d6fe, 0x169c_771a_b97f_d44a),
    ] as [(Int, UInt64, UInt64)])
  func blocksKeepTheirValues(limit: Int, plain: UInt64, typed: UInt64) {
    var found: [UInt64] = []
    for relations in [1, 3] {
      let edges = Self.graph(relations: relations)
      let block = Block(relationCount: relations)
      let neighbors = SampledNeighbors(relationCount: relations)
      let hop = HopSampler(seed: 11, hop: 2, step: 34, limits: Array(repeating: limit, count: relations), wantsDegrees: true)
      let nodes = (0..<300).map { GlobalID(Int64(5000 + $0 * 7 % 300)) }
      nodes.withUnsafeBufferPointer { nodes in
        LocalNeighborSource(edges).sample([nodes], hop: hop, into: [neighbors], threads: Threads(2))
        BlockBuilder().build(block, destinations: nodes, neighbors: neighbors)
      }
      found.append(fingerprint(block))
    }
    #expect(found == [plain, typed], "fan-out \(limit)")
  }
}
