import Graphs
import Partitions
import Tensors
import Testing

@Suite struct PartitionMetricsTests {
  @Test func limitsAreWholeAndReachable() {
    #expect(PartLoads.limit(total: 100, partCount: 4, tolerance: 0.05) == 26)
    #expect(PartLoads.limit(total: 400, partCount: 4, tolerance: 0.05) == 105)
    #expect(PartLoads.limit(total: 7, partCount: 4, tolerance: 0) == 2)
    #expect(PartLoads.limit(total: 8, partCount: 4, tolerance: 0) == 2)
    #expect(PartLoads.limit(total: 3, partCount: 1, tolerance: 5) == 3)
    #expect(PartLoads.limit(total: 0, partCount: 3, tolerance: 0.05) == 0)
  }

  @Test func loadsOfPapersAreCounted() {
    func counts(_ constraint: BalanceConstraint) -> [Int] {
      PartLoads(of: constraint, graph: SmallGraphs.papers, parts: SmallGraphs.papersParts, partCount: 2, threads: Threads(2)).counts
    }
    #expect(counts(.nodes) == [3, 2])
    #expect(counts(.edges) == [6, 1])
    #expect(counts(.train) == [3, 0])
    #expect(counts(.validation) == [0, 0])
    #expect(counts(.test) == [0, 1])
    #expect(counts(.nodeType(0)) == [1, 1])
    #expect(counts(.nodeType(1)) == [2, 1])
  }

  @Test func constraintsHaveNames() {
    let schema = SmallGraphs.papers.schema
    let names = BalanceConstraint.all(in: schema).map { $0.name(in: schema) }
    #expect(names == ["nodes", "edges", "train", "validation", "test", "type:author", "type:paper"])
    for name in names { #expect(BalanceConstraint(named: name, in: schema)?.name(in: schema) == name) }
    #expect(BalanceConstraint(named: "type:node", in: .plain) == nil)
    #expect(BalanceConstraint(named: "weights", in: .plain) == nil)
  }

  @Test(arguments: [1, 2, 63, 64, 65, 130])
  func cutAndHaloAgreeWithSets(k: Int) {
    for seed in 0..<10 as Range<UInt64> {
      let key = RandomKey(seed: seed, purpose: .generator)
      let nodes = 200
      let list = (0..<600 as Range<UInt64>).map { edge in
        let bits = key.bits(id: edge, step: 0)
        return (boundedIndex(bits[0], below: UInt32(nodes)), boundedIndex(bits[1], below: UInt32(nodes)))
      }
      let parts = (0..<nodes).map { UInt16(boundedIndex(key.bits(id: UInt64($0), step: 1)[0], below: UInt32(k))) }
      let graph = RawGraph(name: "random", schema: .plain, nodes: [NodeData(count: nodes)], edges: [SmallGraphs.edges(list)])
      let metrics = PartitionMetrics(measuring: parts, partCount: k, graph: graph, threads: Threads(2))
      var halos = [Set<UInt32>](repeating: [], count: k)
      var cut = 0
      for (source, destination) in list where parts[Int(source)] != parts[Int(destination)] {
        cut += 1
        halos[Int(parts[Int(destination)])].insert(source)
      }
      #expect(metrics.cutEdges == cut)
      #expect(metrics.cut == Double(cut) / 600)
      #expect(metrics.haloNodes == halos.reduce(0) { $0 + $1.count })
    }
  }

  @Test func graphsAreChecked() throws {
    let edits: [(inout RawGraph) -> Void] = [
      { $0.edges[0] = SmallGraphs.edges([(0, 6)]) }, { $0.edges[0] = SmallGraphs.edges([(9, 0)]) }, { $0.nodes[0].split.train = [2, 1] },
      { $0.nodes[0].split.test = [3, 6] }, { $0.nodes[0].split.validation = [1] }, { $0.nodes[0].labels = ArrayView([0, 1]) },
      { $0.nodes[0].labels = ArrayView([0, 1, 2, 3, 0, 0]) }, { $0.nodes[0].labels = ArrayView([0, 1, 2, -2, 0, 0]) },
      { $0.nodes[0].classCount = 0 }, { $0.nodes[0].tables["x"] = SmallGraphs.dense([1, 2], columns: 1) },
      { $0.nodes[0].tables["../x"] = $0.nodes[0].tables["x"] }, { $0.schema.nodeTypes = [""] }, { $0.schema.nodeTypes = [".."] },
    ]
    try SmallGraphs.cycle.check(threads: Threads(1))
    for (index, edit) in edits.enumerated() {
      var graph = SmallGraphs.cycle
      edit(&graph)
      #expect(throws: InputError.self, "edit \(index)") { try graph.check(threads: Threads(1)) }
    }
    var graph = SmallGraphs.cycle
    graph.edges[0] = SmallGraphs.edges([(0, 1), (2, 7), (8, 1)])
    #expect(
      throws: InputError("cycle: relation edge, source of edge 2", expected: "a node below 6", found: "8")
    ) { try graph.check(threads: Threads(1)) }
  }

  @Test func fingerprintIgnoresNamePaddingAndNothingElse() {
    let graph = SmallGraphs.cycle
    var same = graph
    same.name = "other"
    let padded = Buffer<UInt8>(count: 6 * 16)
    guard case .dense(let rows)? = graph.nodes[0].tables["x"] else { return }
    for row in 0..<6 { for byte in 0..<8 { padded[row * 16 + byte] = rows.bytes[row * 8 + byte] } }
    same.nodes[0].tables["x"] = .dense(
      DenseRows(rows: 6, columns: 2, strideBytes: 16, elementType: .float32, bytes: padded.view))
    #expect(same.fingerprint == graph.fingerprint)
    let edits: [(inout RawGraph) -> Void] = [
      { $0.nodes[0].split.train = [1, 2] }, { $0.nodes[0].labels = nil }, { $0.nodes[0].tables["words"] = nil },
      { $0.edges[0] = SmallGraphs.edges([(0, 1)]) }, { $0.nodes[0].classCount = 4 },
      { $0.nodes[0].split = Split(train: [1, 2, 5], validation: [], test: [0, 3, 4]) },
      { $0.nodes[0].split.name = "other" }, { $0.nodes[0].splits.append(Split(name: "other")) },
      { $0.nodes[0].classNames = ["a", "b", "c"] },
    ]
    for edit in edits {
      var other = graph
      edit(&other)
      #expect(other.fingerprint != graph.fingerprint)
    }
  }
}
