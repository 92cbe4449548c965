import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing

@Suite struct PartitionerTests {
  private static let balances: [[BalanceTarget]] = [
    [BalanceTarget("nodes")], [BalanceTarget("nodes"), BalanceTarget("edges")],
    [BalanceTarget("edges", tolerance: 0.3), BalanceTarget("train", tolerance: 0)],
    ["nodes", "edges", "train", "validation", "test", "types"].map { BalanceTarget($0, tolerance: 0.1) },
  ]

  /// Loads of a constraint by the plainest count.
  private static func largest(_ name: String, _ graph: RawGraph, _ parts: [UInt16], _ k: Int) -> (largest: Int, total: Int) {
    var counts = [Int](repeating: 0, count: k)
    var first = 0
    var firsts: [Int] = []
    for node in graph.nodes {
      firsts.append(first)
      first += node.count
    }
    for (type, node) in graph.nodes.enumerated() {
      let ids: [UInt32] =
        switch name {
        case "nodes": Array(0..<UInt32(node.count))
        case "train": node.split.train
        case "validation": node.split.validation
        case "test": node.split.test
        case "type:\(graph.schema.nodeTypes[type])": Array(0..<UInt32(node.count))
        default: []
        }
      for id in ids { counts[Int(parts[firsts[type] + Int(id)])] += 1 }
    }
    if name == "edges" {
      for (relation, edges) in zip(graph.schema.relations, graph.edges) {
        for id in edges.destinations { counts[Int(parts[firsts[relation.destination] + Int(id)])] += 1 }
      }
    }
    return (counts.max()!, counts.reduce(0, +))
  }

  @Test func everyMethodOnRandomGraphsGivesPartsThatVerify() throws {
    let directory = try TemporaryDirectory()
    for seed in 0..<300 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let nodes = graph.nodes.reduce(0) { $0 + $1.count }
      let k = [1, 2, min(3, nodes), 1 + random.next(below: nodes), nodes][random.next(below: 5)]
      guard k <= nodes else { continue }
      let balance = Self.balances[random.next(below: Self.balances.count)]
      let given = directory.file("given-\(seed).txt")
      try (0..<nodes).map { "\(($0 * 7) % nodes % k)" }.joined(separator: "\n").write(toFile: given, atomically: true, encoding: .utf8)
      // METIS with and without contraction on every graph, the simple methods on every other in turn.
      let methods: [PartitionMethod] = [.metis, .multilevel, .streaming, seed % 2 == 0 ? .random : .given(path: given)]
      for method in methods {
        let comment: Comment = "seed \(seed), k \(k), \(method.name), \(balance.map(\.constraint))"
        let options = PartitionOptions(partCount: k, method: method, balance: balance, seed: seed)
        let found: PartitionAssignment
        do { found = try Partitioner.assign(graph, options, threads: Threads(2)) } catch let error as InputError {
          #expect(method.name == "given" && error.expected.contains("each of"), comment)
          continue
        }
        #expect(Set(found.parts).count == k, comment)
        for name in found.record.tolerances.keys {
          let (largest, total) = Self.largest(name, graph, found.parts, k)
          let limit = max(
            Int((Double(total) / Double(k) * (1 + found.record.tolerances[name]!) * (1 + 1e-9)).rounded(.down)), (total + k - 1) / k)
          #expect((largest > limit) == found.unmet.contains { $0.constraint == name }, comment)
        }
        guard k <= 8 || seed % 10 == 0 else { continue }  // Hundreds of folders take long to write.
        let path = directory.file("\(seed)-\(method.name)")
        try PartitionWriter.write(graph, found, to: path, threads: Threads(2))
        let violations = try Verifier.verify(path, against: graph)
        #expect(violations == [], comment)
        let manifest = try Manifest.load(path)
        #expect(manifest.unmetTolerances.map(\.constraint).sorted() == found.unmet.map(\.constraint).sorted(), comment)
        for part in 0..<k { _ = try LocalPartition(directory: path, manifest: manifest, part: part) }
      }
    }
  }

  @Test func countsOfNodesAreAlwaysBalanced() throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let nodes = graph.nodes.reduce(0) { $0 + $1.count }
      let k = 1 + random.next(below: nodes)
      let options = PartitionOptions(partCount: k, balance: [BalanceTarget("nodes", tolerance: 0.02)], seed: seed)
      let found = try Partitioner.assign(graph, options, threads: Threads(1))
      #expect(found.unmet == [], "seed \(seed), k \(k) of \(nodes)")
    }
  }

  @Test func threadsDoNotChangeTheAssignment() throws {
    for seed in 0..<20 as Range<UInt64> {
      var random = RandomGraphs(seed: seed)
      let graph = random.graph()
      let nodes = graph.nodes.reduce(0) { $0 + $1.count }
      let options = PartitionOptions(partCount: min(3, nodes), seed: seed)
      let one = try Partitioner.assign(graph, options, threads: Threads(1))
      let four = try Partitioner.assign(graph, options, threads: Threads(4))
      #expect(one.parts == four.parts)
      #expect(one.metrics == four.metrics)
    }
  }
}
