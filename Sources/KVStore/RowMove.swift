import Kernels
import Tensors

/// Moves the rows of a table that a step has touched.
struct RowMove: @unchecked Sendable {
  // Sendable: chunks of rows are disjoint, and no row is touched twice; the table keeps its memory while it is applied.
  /// Row 0 of one own part, and of its arrays of state; where there are fewer, the last are not used.
  struct Base: BitwiseCopyable {
    var values: UnsafeMutableRawPointer
    var first: UnsafeMutablePointer<Float>
    var second: UnsafeMutablePointer<Float>
  }

  private let step: RowStep
  private let scale: Double
  private let averages: Bool
  private let touched: TouchedRows.View
  private let columns: Int
  private let stateWidth: Int
  private let stateCount: Int
  private let isHalf: Bool
  private let depth: Int
  private let bases: UnsafePointer<Base>
  /// Rows that are asked for early.
  private static let ahead = 8

  /// - Parameter bases: Of own parts, by ordinal.
  init(_ options: LearnedTable.Options, bases: UnsafePointer<Base>, partCount: Int, step: OptimizerStep, touched: TouchedRows.View) {
    self.step = RowStep(options.optimizer, step)
    scale = step.gradientScale
    averages = options.averages
    self.touched = touched
    columns = options.columns
    stateWidth = options.optimizer.stateWidth(columns: options.columns)
    stateCount = options.optimizer.stateNames.count
    isHalf = options.elementType == .float16
    depth = RowTreeSum.depth(partCount: partCount)
    self.bases = bases
  }

  /// Moves touched rows `rows`.
  func move(_ rows: Range<Int>) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: (depth + 1) * columns) { scratch in
      guard let scratch = scratch.baseAddress else { return }
      let sum = RowTreeSum(columns: columns, scratch: scratch + columns)
      for row in rows.prefix(Self.ahead) { ask(for: row) }
      for row in rows {
        if row &+ Self.ahead < rows.upperBound { ask(for: row &+ Self.ahead) }
        let (gradient, count) = touched.gradient(of: row, sum)
        let scale = Float(averages ? self.scale / Double(count) : self.scale)
        let place = place(of: row)
        if isHalf {
          moveHalves(place, by: gradient, times: scale, scratch)
        } else {
          step.move(
            place.values.assumingMemoryBound(to: Float.self), by: gradient, times: scale, place.first, place.second, columns: columns)
        }
      }
    }
  }

  /// A row as it is stored: widened, moved, rounded.
  private func moveHalves(_ place: Base, by gradient: UnsafePointer<Float>, times scale: Float, _ row: UnsafeMutablePointer<Float>) {
    let halves = place.values.assumingMemoryBound(to: UInt16.self)
    HalfRows.widen(halves, into: row, count: columns)
    step.move(row, by: gradient, times: scale, place.first, place.second, columns: columns)
    HalfRows.round(row, into: halves, count: columns)
  }

  @inline(__always)
  private func ask(for row: Int) {
    let place = place(of: row)
    if touched.gradientsLieApart {
      for gradient in touched.gradients(of: row) { RowStep.ask(for: gradient, bytes: 4 &* columns) }
    }
    RowStep.ask(for: place.values, bytes: rowBytes)
    if stateCount > 0 { RowStep.ask(for: place.first, bytes: 4 &* stateWidth) }
    if stateCount > 1 { RowStep.ask(for: place.second, bytes: 4 &* stateWidth) }
  }

  private var rowBytes: Int { isHalf ? 2 &* columns : 4 &* columns }

  /// Where a touched row and its state lie.
  @inline(__always)
  private func place(of row: Int) -> Base {
    let reference = touched.places[row]
    let base = bases[reference.segment]
    let offset = reference.row &* stateWidth
    return Base(values: base.values + reference.row &* rowBytes, first: base.first + offset, second: base.second + offset)
  }
}
