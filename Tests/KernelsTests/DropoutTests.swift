import Kernels
import Tensors
import Testing

@Suite struct DropoutTests {
  @Test(arguments: awkwardWidths)
  func keepBitsFollowTheDefinition(width: Int) {
    let ids: [Int64] = [0, 1, 77, 1 << 40, -1, .max]
    for probability: Float in [0.0001, 0.1, 0.5, 0.999] {
      let dropout = Dropout(probability: probability, seed: 3, layer: 2, step: 9)
      for instructions in InstructionSet.available {
        let bytes = keep(Buffer<UInt8>(count: ids.count * BitMask.strideBytes(columns: width)))
        let mask = BitMask(base: bytes.pointer, rows: ids.count, columns: width)
        dropout.fill(mask, ids: ids, instructions: instructions)
        for (row, id) in ids.enumerated() {
          for column in 0..<width { #expect(mask[row, column] == dropout.keeps(id: id, column: column)) }
          if width % 8 > 0 { #expect(bytes[(row + 1) * mask.strideBytes - 1] >> (width % 8) == 0) }
        }
      }
    }
  }

  /// The contract in words: 16 bits of a Philox word for each column, kept from the threshold on.
  @Test func aColumnReadsItsHalfWord() {
    let dropout = Dropout(probability: 0.25, seed: 1, layer: 0, step: 5)
    #expect(dropout.threshold == 16_384)
    #expect(dropout.scale == 65_536 / Float(49_152))
    for id in [Int64(4), 900] {
      for column in 0..<40 {
        let words = RandomKey(seed: 1, purpose: .dropout, layer: 0).bits(id: UInt64(id), step: 5, block: UInt32(column / 8))
        let half = words[column % 8 / 2] >> (column % 2 == 0 ? 0 : 16) & 0xffff
        #expect(dropout.keeps(id: id, column: column) == (half >= 16_384))
      }
    }
  }

  @Test func theShareOfKeptElementsIsTheProbability() {
    let ids = (0..<2000).map { Int64($0) * 12_345 }
    let bytes = keep(Buffer<UInt8>(count: 2000 * 16))
    let mask = BitMask(base: bytes.pointer, rows: 2000, columns: 128)
    Dropout(probability: 0.3, seed: 8, layer: 1, step: 0).fill(mask, ids: ids)
    let kept = bytes.elements.reduce(0) { $0 + $1.nonzeroBitCount }
    // 256,000 draws: five standard deviations are 0.0046.
    #expect(abs(Double(kept) / 256_000 - 0.7) < 0.0046)
  }

  @Test func noProbabilityRoundsToCertainty() {
    #expect(Dropout(probability: 0, seed: 0, layer: 0, step: 0).threshold == 0)
    #expect(Dropout(probability: 0, seed: 0, layer: 0, step: 0).scale == 1)
    #expect(Dropout(probability: Float(1).nextDown, seed: 0, layer: 0, step: 0).threshold == 65_535)
  }
}
