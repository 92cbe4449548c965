internal import CKernels
public import Tensors

/// Rows that kernels read by number, wherever they lie: a matrix, or input rows behind references.
public struct RowSource: @unchecked Sendable {
  // Sendable: read-only; the makers of the rows keep them valid and unchanged while the source is used.
  /// Number of rows.
  public let count: Int
  /// Width of every row, in elements.
  public let columns: Int
  public let elementType: ElementType
  let base: UnsafeRawPointer?
  let strideBytes: Int
  let references: UnsafePointer<RowReference>?
  let segments: SegmentTable?
  /// Keeps the memory of input rows alive.
  private let owners: [RowSegment]

  /// The rows of a float32 matrix.
  public init(_ matrix: MatrixView) {
    count = matrix.rows
    columns = matrix.columns
    elementType = .float32
    base = UnsafeRawPointer(matrix.base)
    strideBytes = matrix.stride * MemoryLayout<Float>.stride
    references = nil
    segments = nil
    owners = []
  }

  /// Dense input rows.
  ///
  /// - Parameter segments: Filled from the rows' segments; belongs to this source until the last use of it.
  public init(_ rows: InputRows, segments table: SegmentTable) {
    guard case .dense(let segments) = rows.segments else { preconditionFailure("sparse rows are not read by number") }
    table.load(segments, columns: rows.columns)
    count = rows.count
    columns = rows.columns
    elementType = segments.first?.elementType ?? .float32
    base = nil
    strideBytes = 0
    references = rows.references.baseAddress
    self.segments = table
    owners = segments
  }

  /// Whether kernels can read rows stored as `type`.
  public static func supports(_ type: ElementType) -> Bool { type == .float32 }

  /// Where row `index` begins.
  func address(of index: Int) -> UnsafeRawPointer {
    guard let references, let segments else { return base.unsafelyUnwrapped + index &* strideBytes }
    let reference = references[index]
    return segments.base(reference.segment) + reference.row &* segments.stride(reference.segment)
  }

  var native: halo_rows {
    halo_rows(
      base: base?.assumingMemoryBound(to: CChar.self), stride: strideBytes,
      references: references.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt64.self) },
      bases: segments.map { UnsafePointer($0.bases.pointer) }, strides: segments.map { UnsafePointer($0.strides.pointer) })
  }
}

/// Bases and strides of a list of segments, side by side for the kernels; filled again every step.
public final class SegmentTable: Sendable {
  let bases = GrowingBuffer<UnsafePointer<CChar>?>()
  let strides = GrowingBuffer<Int>()

  public init() {}

  func load(_ segments: [RowSegment], columns: Int) {
    bases.resize(to: segments.count)
    strides.resize(to: segments.count)
    for (index, segment) in segments.enumerated() {
      precondition(segment.elementType == segments[0].elementType, "segments of one table have one element type")
      precondition(RowSource.supports(segment.elementType), "no kernel reads rows of \(segment.elementType)")
      precondition(
        segment.rows <= 1 || segment.strideBytes >= columns * segment.elementType.size,
        "rows of \(columns) columns with a stride of \(segment.strideBytes) bytes")
      bases.pointer[index] = segment.base.assumingMemoryBound(to: CChar.self)
      strides.pointer[index] = segment.strideBytes
    }
  }

  func base(_ segment: Int) -> UnsafeRawPointer { UnsafeRawPointer(bases.pointer[segment].unsafelyUnwrapped) }
  func stride(_ segment: Int) -> Int { strides.pointer[segment] }
}
