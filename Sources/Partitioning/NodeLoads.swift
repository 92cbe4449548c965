package import Graphs
package import Partitions
package import Tensors

/// What each node counts under each constraint that is to be balanced. Letters: `n` nodes, `C` constraints.
package struct NodeLoads: Sendable {
  let constraintCount: Int
  /// Shape (n, C), row-major.
  package let values: Buffer<UInt32>
  /// Sum of each constraint, shape (C), none zero.
  let totals: [Int]
  /// Tolerance of each constraint, shape (C).
  let tolerances: [Double]
  /// What each part is to hold of every constraint.
  let shares: PartShares
  /// Most that each part may hold of each constraint, shape (k, C), row-major.
  private let limits: Buffer<Int>

  var partCount: Int { shares.partCount }

  /// Most that `part` may hold of constraint `column`.
  @inline(__always)
  func limit(_ part: Int, _ column: Int) -> Int { limits.pointer[part &* constraintCount &+ column] }

  /// Fills the loads of the constraints in `targets`; those that count nothing are left out, all but `nodes`.
  ///
  /// - Parameter shares: What each part is to hold; equal shares where `nil`.
  package init(
    _ graph: RawGraph, targets: [(constraint: BalanceConstraint, tolerance: Double)], partCount: Int, shares: PartShares? = nil,
    threads: Threads
  ) {
    let counting = targets.filter { Self.counts($0.constraint, in: graph) }
    let kept = counting.isEmpty ? [(constraint: .nodes, tolerance: targets[0].tolerance)] : counting
    let numbering = NodeNumbering(graph)
    let values = Buffer<UInt32>(count: numbering.count * kept.count)
    for (column, target) in kept.enumerated() {
      Self.fill(values, column: column, of: kept.count, target.constraint, graph: graph, numbering: numbering, threads: threads)
    }
    self.init(values: values, tolerances: kept.map(\.tolerance), shares: shares ?? PartShares(equal: partCount))
  }

  /// Takes loads of shape (n, C), none of whose columns is all zero, one tolerance for each column.
  init(values: Buffer<UInt32>, tolerances: [Double], shares: PartShares) {
    let columns = tolerances.count
    var totals = [Int](repeating: 0, count: columns)
    for node in 0..<values.count / columns {
      for column in 0..<columns { totals[column] += Int(values.pointer[node * columns + column]) }
    }
    limits = Buffer(count: shares.partCount * columns)
    for part in 0..<shares.partCount {
      for column in 0..<columns {
        limits.pointer[part * columns + column] = shares.limit(of: part, total: totals[column], tolerance: tolerances[column])
      }
    }
    constraintCount = columns
    self.values = values
    self.totals = totals
    self.tolerances = tolerances
    self.shares = shares
  }

  /// Loads of clusters of the nodes of `finer`: the same in all, under the same limits.
  ///
  /// - Parameter values: Shape (clusters, C).
  init(values: Buffer<UInt32>, of finer: NodeLoads) {
    self.values = values
    constraintCount = finer.constraintCount
    totals = finer.totals
    tolerances = finer.tolerances
    limits = finer.limits
    shares = finer.shares
  }

  /// Loads of one node, shape (C).
  @inline(__always)
  func row(_ node: Int) -> UnsafePointer<UInt32> { UnsafePointer(values.pointer + node &* constraintCount) }

  var nodeCount: Int { values.count / constraintCount }

  /// The loads in METIS's 32-bit integers.
  func scaledForMETIS() -> Buffer<Int32> {
    let scaled = Buffer<Int32>(count: values.count)
    for column in 0..<constraintCount {
      Self.scale(values, into: scaled, column: column, of: constraintCount, total: totals[column])
    }
    return scaled
  }

  /// Copies one column of loads; where its total reaches 2³⁰ it is scaled below that, rounding the running sum instead of
  /// each node: the total is kept and no node's share is off by more than one unit.
  package static func scale(
    _ values: Buffer<UInt32>, into scaled: Buffer<Int32>, column: Int, of columns: Int, total: Int
  ) {
    let ceiling = 1 << 30 - 1
    var sum = 0
    var scaledSum = 0
    for position in stride(from: column, to: values.count, by: columns) {
      guard total > ceiling else {
        scaled.pointer[position] = Int32(values.pointer[position])
        continue
      }
      sum += Int(values.pointer[position])
      let next = total.dividingFullWidth(sum.multipliedFullWidth(by: ceiling)).quotient
      scaled.pointer[position] = Int32(next - scaledSum)
      scaledSum = next
    }
  }

  private static func counts(_ constraint: BalanceConstraint, in graph: RawGraph) -> Bool {
    switch constraint {
    case .nodes: true
    case .edges: graph.edges.contains { $0.count > 0 }
    case .train, .validation, .test: graph.nodes.indices.contains { !graph.defaultSplit(ofType: $0).nodes(of: constraint).isEmpty }
    case .nodeType(let type): graph.nodes[type].count > 0
    case .weight(let table):
      withExtendedLifetime(loads(of: table, in: graph)) { loads in loads.elements.contains { $0 > 0 } }
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
      for type in graph.nodes.indices {
        for id in graph.defaultSplit(ofType: type).nodes(of: constraint) {
          values.pointer[(numbering.offsets[type] + Int(id)) * columns + column] = 1
        }
      }
    case .edges:
      let degrees = graph.inDegrees(threads: threads)
      for node in 0..<numbering.count { values.pointer[node * columns + column] = degrees.pointer[node] }
    case .weight(let table):
      let loads = loads(of: table, in: graph)
      for node in 0..<numbering.count { values.pointer[node * columns + column] = loads.pointer[node] }
    }
  }

  /// The values of a table that `PartitionOptions.targets` has found fit.
  private static func loads(of table: String, in graph: RawGraph) -> Buffer<UInt32> {
    guard let column = try? WeightColumn(table, of: graph) else { preconditionFailure("table '\(table)' cannot be balanced") }
    return column.loads
  }
}
