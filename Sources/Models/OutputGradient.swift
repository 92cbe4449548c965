import Kernels
import Tensors

/// The gradient of the loss with respect to a layer's output rows, computed tile by tile where it is not there already: the
/// largest of these matrices, the first layer's, is never built.
struct OutputGradient: @unchecked Sendable {
  // Sendable: only read while a layer works.
  enum Rows {
    /// Already computed, (D, O).
    case matrix(MatrixView)
    /// From the gradient of what the next layer gathered.
    case gathered(GatheredGradient)
  }

  let rows: Rows
  /// What else the first rows were used for: residuals and jumping connections.
  var further: [MatrixView] = []
  /// What passes the activation, and its factor; `nil` where it is not applied here.
  var mask: (bits: BitMask, scale: Float)?

  init(_ matrix: MatrixView) { rows = .matrix(matrix) }
  init(_ gathered: GatheredGradient) { rows = .gathered(gathered) }

  /// Rows `range` of the gradient: in place where possible, else computed into `tile`.
  func tile(_ range: Range<Int>, computedIn tile: MatrixView) -> MatrixView {
    if let matrix { return matrix.rows(range) }
    let tile = tile.rows(0..<range.count)
    fill(range, into: tile)
    return tile
  }

  /// The gradient where it is there already.
  var matrix: MatrixView? {
    if case .matrix(let matrix) = rows, further.isEmpty, mask == nil { matrix } else { nil }
  }

  /// The whole gradient as a matrix, computed into `buffer` where it is not there: gathers along edges read it in any order.
  func materialised(rows count: Int, columns: Int, in buffer: GrowingBuffer<Float>, _ threads: Threads) -> MatrixView {
    if let matrix { return matrix }
    let target = buffer.matrix(rows: count, columns: columns)
    threads.forEachChunk(of: count, by: Tiles.height) { rows in fill(rows, into: target.rows(rows)) }
    return target
  }

  /// Writes rows `range` of the gradient to `tile`.
  func fill(_ range: Range<Int>, into tile: MatrixView) {
    switch rows {
    case .matrix(let matrix): Gather.copy(from: range.lowerBound, of: RowSource(matrix), into: tile)
    case .gathered(let gathered): gathered.fill(range, into: tile)
    }
    for matrix in further {
      let more = matrix.rows(clampedTo: range)
      for row in 0..<more.rows { RowArithmetic.add(more.row(row), to: tile.row(row), count: tile.columns) }
    }
    if let mask { Activation.apply(mask.bits.rows(range), scale: mask.scale, to: tile) }
  }
}

/// Rows that were used for themselves, where they are destinations, and by their neighbours, from the gradients of both uses.
struct GatheredGradient: @unchecked Sendable {
  // Sendable: as above.
  /// Gradient of a use of the rows for themselves, by destination.
  struct Own {
    var gradient: MatrixView
    var factor: Float = 1
  }

  var own: [Own]
  /// Gradients of what was gathered along each relation, gathered along its edges by source; a destination's factor is its scale.
  var relations: [Gathered]
  /// Factor of each row at last; `nil`: 1.
  var scales: UnsafePointer<Float>?

  func fill(_ range: Range<Int>, into tile: MatrixView) {
    // What the rows were used for themselves is where the sum begins, if it is one unscaled matrix; else it is added.
    let begins = own.first?.factor == 1
    var gathered = begins ? own[0].gradient.rows(clampedTo: range) : nil
    for relation in relations {
      relation.write(range, adding: gathered, into: tile)
      gathered = tile
    }
    for use in own.dropFirst(begins ? 1 : 0) {
      let rows = use.gradient.rows(clampedTo: range)
      for row in 0..<rows.rows { RowArithmetic.add(rows.row(row), times: use.factor, to: tile.row(row), count: tile.columns) }
    }
    guard let scales else { return }
    for (row, source) in range.enumerated() { RowArithmetic.scale(tile.row(row), by: scales[source], count: tile.columns) }
  }
}
