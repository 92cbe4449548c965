import Kernels
import Tensors

/// The gradient of a product `y = x·W` of input rows, given that of `y`: `dW = xᵀ·dy`, `dx = dy·Wᵀ`.
struct ProductGradient {
  let input: LayerInput
  /// Rows of `x` that were multiplied, the first of the input.
  let rows: Int
  /// (I, N).
  let weight: MatrixView
  /// Of `weight`, (I, N) without gaps; overwritten.
  let weightGradient: MatrixView
  /// Whether a bias of N elements follows the weight, and its gradient is wanted as well.
  var hasBias = false
  /// Receives or is added `dx`, at least (`rows`, I); `nil`: not wanted, as of sparse input.
  var inputGradient: MatrixView?
  var addsToInputGradient = false

  /// Computes all that is wanted; `dy` is (`rows`, N).
  func compute(_ dy: MatrixView, _ workspace: ProductGradientWorkspace, _ threads: Threads) {
    if case .sparse(let entries, _) = input {
      sumSparse(entries, dy, workspace, threads)
    } else {
      sumDense(dy, workspace, threads)
    }
  }

  /// One pass over the rows: a tile of `x` serves the weight's gradient, a tile of `dy` both.
  private func sumDense(_ dy: MatrixView, _ workspace: ProductGradientWorkspace, _ threads: Threads) {
    let lanes = Lanes(rows: rows)
    let tiles = workspace.tiles.tiles(lanes.count, columns: input.tileColumns(weight.rows))
    let count = weight.rows * weight.columns
    workspace.sums.sum(lanes, into: weightGradient.base, count: count + (hasBias ? weight.columns : 0), threads: threads) {
      rows, isFirst, sum in
      let x = input.tile(rows, copiedTo: tiles.tile(rows.lowerBound / lanes.length))
      let dy = dy.rows(rows)
      let target = MatrixView(base: sum, rows: weight.rows, columns: weight.columns, stride: weight.columns)
      MatrixProduct.multiply(transposed: x, dy, into: target, accumulating: !isFirst)
      if hasBias { ColumnSums.add(dy, to: sum + count, accumulating: !isFirst) }
      if let inputGradient {
        MatrixProduct.multiply(dy, transposed: weight, into: inputGradient.rows(rows), accumulating: addsToInputGradient)
      }
    }
  }

  /// Each row of the weight's gradient is gathered along the entries of its column.
  private func sumSparse(_ entries: SparseEntries, _ dy: MatrixView, _ workspace: ProductGradientWorkspace, _ threads: Threads) {
    workspace.entries.fill(
      entries.rows(below: rows), edgeCount: entries.entryCount(below: rows), sourceCount: weight.rows, weighted: true, threads: threads)
    let byColumn = workspace.entries.neighborhood()
    threads.forEachChunk(of: weight.rows, by: 64) { columns in
      Aggregation.aggregate(columns, of: byColumn, rows: RowSource(dy), .sum, into: weightGradient.rows(columns))
    }
    guard hasBias else { return }
    ProductGradient.sumColumns(dy, into: weightGradient.base + weight.rows * weight.columns, workspace.sums, threads)
  }

  /// `sums[c] = Σ_r dy[r, c]`, lanes of rows added in order: the gradient of a bias.
  static func sumColumns(_ dy: MatrixView, into target: UnsafeMutablePointer<Float>, _ sums: LaneSums, _ threads: Threads) {
    sums.sum(Lanes(rows: dy.rows), into: target, count: dy.columns, threads: threads) { rows, isFirst, sum in
      ColumnSums.add(dy.rows(rows), to: sum, accumulating: !isFirst)
    }
  }
}

/// Scratch of `ProductGradient`.
final class ProductGradientWorkspace: Sendable {
  let sums = LaneSums()
  let tiles = GrowingBuffer<Float>()
  let entries = TransposedEdges()
}
