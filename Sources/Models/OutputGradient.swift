import Kernels
import Tensors

/// The gradient of the loss with respect to a layer's output rows, computed tile by tile where it is not there already: the
/// largest of these matrices, the first layer's, is never built.
struct OutputGradient: @unchecked Sendable {
  // Sendable: only read while a layer works.
  enum Rows {
    /// Already computed, (D, O).
    case matrix(MatrixView)
    /// From the next layer's joined gradient, along its edges by source.
    case gathered(SageLayer, joined: MatrixView, LayerWorkspace)
  }

  let rows: Rows
  /// What passes the activation, and its factor; `nil` where the layer has no activation.
  let mask: (bits: BitMask, scale: Float)?

  /// Rows `range` of the gradient before the activation: in place where possible, else computed into `tile`.
  func tile(_ range: Range<Int>, computedIn tile: MatrixView) -> MatrixView {
    if case .matrix(let matrix) = rows, mask == nil { return matrix.rows(range) }
    let tile = tile.rows(0..<range.count)
    fill(range, into: tile)
    return tile
  }

  /// Writes rows `range` of the gradient before the activation to `tile`.
  func fill(_ range: Range<Int>, into tile: MatrixView) {
    switch rows {
    case .matrix(let matrix):
      Gather.copy(from: range.lowerBound, of: RowSource(matrix), into: tile)
    case .gathered(let layer, let joined, let workspace):
      // A row was used for itself, where it is a destination, and in the means of its neighbours.
      var gathered = joined.columns(layer.joinedColumns(nil)).rows(clampedTo: range)
      for relation in 0..<layer.relations {
        Aggregation.aggregate(
          range, of: workspace.transposed[relation].neighborhood(scales: workspace.inverseDegrees[relation].pointer),
          rows: RowSource(joined.columns(layer.joinedColumns(relation))), .sum, adding: gathered, into: tile)
        gathered = tile
      }
    }
    if let mask { Activation.apply(mask.bits.rows(range), scale: mask.scale, to: tile) }
  }
}
