public import KVStore
import Kernels
public import Tensors

/// Where exact inference finds its input rows.
public enum InferenceInput {
  /// Any node's row: in place where it is mapped, else pulled from its owner.
  case store(RowStore)
  /// Rows of the inner nodes of each own part, in local order; rows of halo nodes are exchanged as those of hidden layers are.
  case tables([FeatureTable])
  /// Learned columns as of the step at hand, after fixed ones where there are any.
  case learned(LearnedInput, after: RowStore?)
}

extension InferenceInput {
  /// - Precondition: There are fixed or learned columns.
  public init(fixed: RowStore?, learned: LearnedInput?) {
    if let learned {
      self = .learned(learned, after: fixed)
    } else if let fixed {
      self = .store(fixed)
    } else {
      preconditionFailure("a model without input columns")
    }
  }
}

extension InferenceInput {
  /// The rows of own parts' tables, one segment per part.
  static func segments(of tables: [FeatureTable]) -> InputRows.Segments {
    if case .sparse = tables.first {
      return .sparse(
        tables.map { table in
          guard case .sparse(let rows) = table else { preconditionFailure("tables of one layout") }
          return SparseSegment(rows)
        })
    }
    return .dense(
      tables.map { table in
        guard case .dense(let rows) = table else { preconditionFailure("tables of one layout") }
        return RowSegment(rows)
      })
  }

  /// Most entries in a tile of sparse rows; 0 for dense rows.
  static func largestTile(of tables: [FeatureTable]) -> Int {
    tables.reduce(0) { largest, table in
      guard case .sparse(let rows) = table else { return largest }
      return stride(from: 0, to: rows.rows, by: Tiles.height).reduce(largest) { largest, row in
        max(largest, Int(rows.indptr[min(rows.rows, row + Tiles.height)] - rows.indptr[row]))
      }
    }
  }
}
