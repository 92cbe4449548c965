import Kernels
import PIM
import Tensors

/// Reproducible numbers for tests.
struct Draws {
  private let key: RandomKey
  private var count: UInt64 = 0

  init(_ seed: UInt64) { key = RandomKey(seed: seed, purpose: .generator) }

  mutating func word() -> UInt32 {
    count += 1
    return key.bits(id: count, step: 0)[0]
  }

  mutating func index(below bound: Int) -> Int { Int(boundedIndex(word(), below: UInt32(bound))) }

  /// In -1 ..< 1.
  mutating func float() -> Float { 2 * unitFloat(word()) - 1 }
}

/// A graph whose arrays live as long as it does.
final class Graph: Sendable {
  let lists: [[UInt32]]
  let sourceCount: Int
  private let offsets: Buffer<UInt32>
  private let sources: Buffer<UInt32>

  init(_ lists: [[UInt32]], sourceCount: Int) {
    self.lists = lists
    self.sourceCount = sourceCount
    offsets = Buffer(copying: lists.reduce(into: [0]) { $0.append($0.last! + UInt32($1.count)) })
    sources = Buffer(copying: lists.flatMap { $0 })
  }

  /// Random lists, some empty, now and then a hub; sources may repeat.
  convenience init(_ draws: inout Draws, destinations: Int, sources: Int, longest: Int) {
    let lists = (0..<destinations).map { _ in
      let bound = draws.index(below: 8) == 0 ? 4 * longest : longest
      return (0..<(sources == 0 ? 0 : draws.index(below: bound + 1))).map { _ in UInt32(draws.index(below: sources)) }
    }
    self.init(lists, sourceCount: sources)
  }

  var edgeCount: Int { sources.count }

  /// Valid while the graph lives.
  var edges: Neighborhood { Neighborhood(destinationCount: lists.count, indptr: offsets.pointer, sources: sources.pointer) }
}

extension PIMTopology {
  /// UPMEM's cores in small ranks.
  static func small(_ coresOfRanks: [Int]) -> PIMTopology {
    var topology = upmem1992
    topology.coresOfRanks = coresOfRanks
    topology.modules = 1
    return topology
  }
}

extension PIMAggregation {
  /// Runs on arrays.
  func sums<Element: PIMElement>(
    _ graph: Graph, _ inputs: [Element], columns: Int, weights: [Element]? = nil, operation: PIMOperation? = nil, threads: Int = 1
  ) throws -> (sums: [Element.Sum], times: PIMTimes) {
    let rows = Buffer(copying: inputs)
    let factors = weights.map { Buffer(copying: $0) }
    let out = Buffer<Element.Sum>(count: graph.lists.count * columns)
    return try withExtendedLifetime((rows, factors, graph, out)) {
      let times = try run(
        graph.edges, sourceCount: graph.sourceCount, columns: columns, inputs: rows.pointer,
        weights: factors.map { UnsafePointer($0.pointer) }, operation: operation, into: out.pointer, threads: Threads(threads))
      return (Array(out.elements), times)
    }
  }
}
