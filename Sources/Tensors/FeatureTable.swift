/// Rows of equal width, stored one after the other at a fixed stride.
public struct DenseRows: Sendable {
  public let rows: Int
  public let columns: Int
  /// Distance between rows in bytes; padding after the columns is zero.
  public let strideBytes: Int
  public let elementType: ElementType
  /// `rows * strideBytes` bytes.
  public let bytes: ArrayView<UInt8>
  /// Scale of each int8 row, where scales lie apart; `nil`: every int8 row carries its own (`ElementType.rowBytes(columns:)`).
  public let scales: ArrayView<Float>?

  public init(
    rows: Int, columns: Int, strideBytes: Int, elementType: ElementType, bytes: ArrayView<UInt8>, scales: ArrayView<Float>? = nil
  ) {
    let width = scales == nil ? elementType.rowBytes(columns: columns) : columns * elementType.size
    precondition(width <= strideBytes && bytes.count == rows * strideBytes, "dense rows of \(rows) × \(columns)")
    precondition(scales.map { elementType == .int8 && $0.count == rows } ?? true, "scales of \(rows) rows of int8")
    self.scales = scales
    self.rows = rows
    self.columns = columns
    self.strideBytes = strideBytes
    self.elementType = elementType
    self.bytes = bytes
  }

  /// Takes over a float32 matrix without gaps, shape (`rows`, `columns`).
  public init(floats: Buffer<Float>, rows: Int, columns: Int) {
    precondition(floats.count == rows * columns, "\(floats.count) floats for \(rows) × \(columns)")
    let bytes = UnsafeRawPointer(floats.pointer).assumingMemoryBound(to: UInt8.self)
    self.init(
      rows: rows, columns: columns, strideBytes: columns * 4, elementType: .float32,
      bytes: ArrayView(pointer: bytes, count: floats.count * 4, owner: floats, isMapped: floats.isMapped))
  }

  /// Bytes of a row without its padding.
  public var rowBytes: Int { scales == nil ? elementType.rowBytes(columns: columns) : columns * elementType.size }

  /// What the elements of int8 row `row` are multiplied by.
  public func scale(of row: Int) -> Float {
    precondition(elementType == .int8 && row >= 0 && row < rows, "scale of row \(row) of \(rows) of \(elementType)")
    if let scales { return scales[row] }
    let offset = row * strideBytes + ElementType.scaleOffset(columns: columns)
    return UnsafeRawPointer(bytes.pointer).loadUnaligned(fromByteOffset: offset, as: Float.self)
  }
}

/// Rows in compressed sparse row form: row `r` holds columns `indices[indptr[r]..<indptr[r + 1]]`, increasing.
public struct SparseRows: Sendable {
  public let rows: Int
  public let columns: Int
  /// Shape (`rows` + 1), non-decreasing, from 0.
  public let indptr: ArrayView<Int64>
  public let indices: ArrayView<UInt32>
  public let values: ArrayView<Float>

  public init(rows: Int, columns: Int, indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, values: ArrayView<Float>) {
    precondition(indptr.count == rows + 1 && indices.count == values.count, "sparse rows of \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
    self.indptr = indptr
    self.indices = indices
    self.values = values
  }
}

/// One value, or row of values, for each node or edge.
public enum FeatureTable: Sendable {
  case dense(DenseRows)
  case sparse(SparseRows)

  public var rows: Int {
    switch self {
    case .dense(let table): table.rows
    case .sparse(let table): table.rows
    }
  }

  public var columns: Int {
    switch self {
    case .dense(let table): table.columns
    case .sparse(let table): table.columns
    }
  }
}
