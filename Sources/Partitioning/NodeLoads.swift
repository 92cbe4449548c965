import Graphs
import Partitions
import Tensors

/// What each node counts under each constraint that is to be balanced. Letters: `n` nodes, `C` constraints.
struct NodeLoads: Sendable {
  let constraintCount: Int
  /// Shape (n, C), row-major.
  let values: Buffer<UInt32>
  /// Sum of each constraint, shape (C), none zero.
  let totals: [Int]
  /// Tolerance of each constraint, shape (C).
  let tolerances: [Double]
  /// Most that a part may hold of each constraint, shape (C).
  let limits: [Int]
  let partCount: Int

  /// Fills the loads of the constraints in `targets`; those that count nothing are left out, all but `nodes`.
  init(
    _ graph: RawGraph, targets: [(constraint: BalanceConstraint, tolerance: Double)], partCount: Int, threads: Threads
  ) {
    let counting = targets.filter { Self.counts($0.constraint, in: graph) }
    let kept = counting.isEmpty ? [(constraint: .nodes, tolerance: targets[0].tolerance)] : counting
    let numbering = NodeNumbering(graph)
    values = Buffer(count: numbering.count * kept.count)
    constraintCount = kept.count
    self.partCount = partCount
    for (column, target) in kept.enumerated() {
      Self.fill(values, column: column, of: kept.count, target.constraint, graph: graph, numbering: numbering, threads: threads)
    }
    var totals = [Int](repeating: 0, count: kept.count)
    for node in 0..<numbering.count {
      for column in kept.indices { totals[column] += Int(values.pointer[node * kept.count + column]) }
    }
    self.totals = totals
    tolerances = kept.map(\.tolerance)
    limits = kept.enumerated().map { PartLoads.limit(total: totals[$0], partCount: partCount, tolerance: $1.tolerance) }
  }

  /// Loads of one node, shape (C).
  @inline(__always)
  func row(_ node: Int) -> UnsafePointer<UInt32> { UnsafePointer(values.pointer + node &* constraintCount) }

  var nodeCount: Int { values.count / constraintCount }

  /// The loads in METIS's 32-bit integers. A constraint whose total reaches 2³⁰ is scaled below it, rounding the running
  /// sum instead of each node, so that the total is kept and no node's share is off by more than one unit.
  func scaledForMETIS() -> Buffer<Int32> {
    let ceiling = 1 << 30 - 1
    let scaled = Buffer<Int32>(count: values.count)
    for column in 0..<constraintCount {
      let total = totals[column]
      var sum = 0
      var scaledSum = 0
      for node in 0..<nodeCount {
        let position = node * constraintCount + column
        guard total > ceiling else {
          scaled.pointer[position] = Int32(values.pointer[position])
          continue
        }
        sum += Int(values.pointer[position])
        let product = sum.multipliedFullWidth(by: ceiling)
        let next = total.dividingFullWidth(product).quotient
        scaled.pointer[position] = Int32(next - scaledSum)
        scaledSum = next
      }
    }
    return scaled
  }

  private static func counts(_ constraint: BalanceConstraint, in graph: RawGraph) -> Bool {
    switch constraint {
    case .nodes: true
    case .edges: graph.edges.contains { $0.count > 0 }
    case .train, .validation, .test: graph.nodes.contains { !$0.split.nodes(of: constraint).isEmpty }
    case .nodeType(let type): graph.nodes[type].count > 0
    }
  }

  private static func fill(
    _ values: Buffer<UInt32>, column: Int, of columns: Int, _ constraint: BalanceConstraint, graph: RawGraph,
    numbering: NodeNumbering, threads: Threads
  ) {
    switch constraint {
    case .nodes:
      for node in 0..<numbering.count { values.pointer[node * columns + column] = 1 }
    case .nodeType(let type):
      for node in numbering.range(of: type) { values.pointer[node * columns + column] = 1 }
    case .train, .validation, .test:
      for (type, data) in graph.nodes.enumerated() {
        for id in data.split.nodes(of: constraint) { values.pointer[(numbering.offsets[type] + Int(id)) * columns + column] = 1 }
      }
    case .edges:
      let degrees = AtomicCounters(count: numbering.count)
      for (relation, edges) in zip(graph.schema.relations, graph.edges) {
        let offset = numbering.offsets[relation.destination]
        threads.forEachChunk(of: edges.count, by: 1 << 18) { range in
          for edge in range { degrees.increment(offset &+ Int(edges.destinations.pointer[edge])) }
        }
      }
      for node in 0..<numbering.count { values.pointer[node * columns + column] = degrees.values[node] }
    }
  }
}
