public import Tensors

/// Memory that holds dense rows of one element type at a fixed stride: a mapped or resident table, an arena, a workspace.
public struct RowSegment: @unchecked Sendable {
  // Sendable: kernels only read a segment, and its memory changes only between two uses of the rows that name it.
  /// Row 0; row `r` begins at `base + r * strideBytes`.
  public let base: UnsafeRawPointer
  /// Number of rows.
  public let rows: Int
  /// Distance between rows in bytes.
  public let strideBytes: Int
  public let elementType: ElementType
  /// Keeps the memory at `base` valid while the segment is referenced; `nil` when somebody else promises that.
  public let owner: AnyObject?

  public init(base: UnsafeRawPointer, rows: Int, strideBytes: Int, elementType: ElementType, owner: AnyObject?) {
    precondition(rows >= 0 && rows <= RowReference.rowLimit && strideBytes >= 0, "segment of \(rows) rows of \(strideBytes) bytes")
    self.base = base
    self.rows = rows
    self.strideBytes = strideBytes
    self.elementType = elementType
    self.owner = owner
  }

  /// The rows of a table, in place.
  ///
  /// - Precondition: Rows of int8 carry their scales.
  public init(_ table: DenseRows) {
    precondition(table.scales == nil, "rows and their scales lie apart")
    self.init(
      base: UnsafeRawPointer(table.bytes.pointer), rows: table.rows, strideBytes: table.strideBytes, elementType: table.elementType,
      owner: Holder(table.bytes))
  }

  /// A float32 matrix, in place.
  ///
  /// - Parameter owner: Keeps the matrix's memory alive.
  public init(_ matrix: MatrixView, owner: AnyObject?) {
    self.init(
      base: UnsafeRawPointer(matrix.base), rows: matrix.rows, strideBytes: matrix.stride * MemoryLayout<Float>.stride,
      elementType: .float32, owner: owner)
  }
}

/// Keeps the memory of a table alive for a segment of it.
private final class Holder: Sendable {
  let bytes: ArrayView<UInt8>
  init(_ bytes: ArrayView<UInt8>) { self.bytes = bytes }
}

/// Memory that holds rows in compressed sparse row form.
public struct SparseSegment: Sendable {
  /// Shape (rows + 1), non-decreasing: row `r` is entries `indptr[r]..<indptr[r + 1]`.
  public let indptr: ArrayView<Int64>
  /// Column of each entry, increasing inside a row, every one below `columns`.
  public let indices: ArrayView<UInt32>
  /// Value of each entry.
  public let values: ArrayView<Float>
  public let columns: Int

  public init(indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, values: ArrayView<Float>, columns: Int) {
    precondition(!indptr.isEmpty && indices.count == values.count, "sparse segment of \(indices.count) entries")
    self.indptr = indptr
    self.indices = indices
    self.values = values
    self.columns = columns
  }

  /// The rows of a table, in place.
  public init(_ table: SparseRows) {
    self.init(indptr: table.indptr, indices: table.indices, values: table.values, columns: table.columns)
  }

  public var rows: Int { indptr.count - 1 }
}

/// The input rows of a block (or of a part, one per part-local id), wherever they lie: row `i` is `references[i]`.
///
/// Kernels read the rows in place through the references; a gathered matrix is never built.
public struct InputRows: @unchecked Sendable {
  // Sendable: read-only for its users; whoever made it keeps the references unchanged until they are done.
  /// The memory that references point into; all segments of one kind and, when dense, of one element type.
  public enum Segments: Sendable {
    case dense([RowSegment])
    case sparse([SparseSegment])

    /// Number of segments.
    public var count: Int {
      switch self {
      case .dense(let segments): segments.count
      case .sparse(let segments): segments.count
      }
    }
  }

  public var segments: Segments
  /// One per row; every segment below `segments.count`, every row below the rows of its segment.
  public var references: UnsafeBufferPointer<RowReference>
  /// Width of every row, in elements.
  public var columns: Int

  public init(segments: Segments, references: UnsafeBufferPointer<RowReference>, columns: Int) {
    self.segments = segments
    self.references = references
    self.columns = columns
  }

  /// Number of rows.
  public var count: Int { references.count }
}
