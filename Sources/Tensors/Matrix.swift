/// A row-major float32 matrix inside somebody's memory: `base[r * stride + c]`.
///
/// A view does not own: its maker keeps the memory alive while the view is used. Kernels check shapes once, on entry.
public struct MatrixView: @unchecked Sendable {
  // Sendable: parallel kernels write disjoint rows or tiles of a view.
  public let base: UnsafeMutablePointer<Float>
  public let rows: Int
  public let columns: Int
  /// Distance between rows, in elements; at least `columns`.
  public let stride: Int

  public init(base: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int) {
    precondition(rows >= 0 && columns >= 0 && stride >= columns, "matrix of \(rows) × \(columns) with stride \(stride)")
    self.base = base
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  @inlinable
  public func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index &* stride }

  /// The first `count` rows.
  public func prefix(_ count: Int) -> MatrixView {
    precondition(count <= rows, "prefix of \(count) rows of \(rows)")
    return MatrixView(base: base, rows: count, columns: columns, stride: stride)
  }

  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "element outside the matrix")
      return base[row * stride + column]
    }
    nonmutating set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "element outside the matrix")
      base[row * stride + column] = newValue
    }
  }
}

/// Owner of a dense float32 matrix, zeroed, rows without gaps unless a stride is given.
public final class Matrix: Sendable {
  public let rows: Int
  public let columns: Int
  public let stride: Int
  private let buffer: Buffer<Float>

  /// - Parameter stride: Distance between rows in elements; `columns` by default.
  public init(rows: Int, columns: Int, stride: Int? = nil) {
    self.rows = rows
    self.columns = columns
    self.stride = stride ?? columns
    buffer = Buffer(count: rows * self.stride)
  }

  /// The matrix; valid while its owner lives.
  public var view: MatrixView { MatrixView(base: buffer.pointer, rows: rows, columns: columns, stride: stride) }
}
