public import Tensors

extension LocalPartition {
  /// First row of each inner node in the tables of `relation`, shape (inner + 1).
  ///
  /// - Precondition: The relation is numbered; see `EdgeRows.numbers`.
  public func firstEdgeRows(of relation: Int) -> ArrayView<Int64> {
    guard relations != nil else { return indptr }
    guard let rows = edgeRows.firsts[relation] else { preconditionFailure("relation \(relation) has no tables: its edges have no rows") }
    return rows
  }
}
