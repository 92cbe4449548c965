public import Graphs
public import Partitions
public import Tensors

/// The nodes of the validation or the test set that this worker's parts own, with what is known of them.
public final class HeldOutSet {
  /// Part-local ids, increasing, by own part.
  public let nodes: [ArrayView<PartLocalID>]
  /// Their targets, by own part.
  public let targets: [TargetRows]
  /// The own parts.
  public let parts: [Int]

  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - targets: What each of them stores.
  ///   - nodes: Part-local ids of the set in a part.
  public init(parts: [LocalPartition], targets: [NodeTargets], nodes: (LocalPartition) -> ArrayView<UInt32>) {
    self.parts = parts.map(\.part)
    let lists = parts.map { part in ArrayView(nodes(part).map { PartLocalID($0) }) }
    self.nodes = lists
    self.targets = zip(lists, targets).map { list, targets in
      let rows = TargetRows()
      withExtendedLifetime(list) { targets.copy(list.elements, into: rows) }
      return rows
    }
  }

  /// Copies the rows of the set's nodes out of rows for all inner nodes, one matrix per own part.
  public func rows(of outputs: [Matrix]) -> [Matrix] {
    zip(nodes, outputs).map { nodes, outputs in
      let rows = Matrix(rows: nodes.count, columns: outputs.columns)
      for (row, node) in nodes.enumerated() {
        rows.view.row(row).update(from: outputs.view.row(Int(node.rawValue)), count: outputs.columns)
      }
      return rows
    }
  }
}
