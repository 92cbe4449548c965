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
  private let strideBytes: Int
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

  /// Types of elements that kernels read, widened to float32 as they are read; int8 rows carry their scale
  /// (`ElementType.rowBytes(columns:)`).
  public static let elementTypes: [ElementType] = [.float32, .float16, .bfloat16, .int8]

  /// Whether kernels can read rows stored as `type`.
  public static func supports(_ type: ElementType) -> Bool { elementTypes.contains(type) }

  /// What a table must hold to be read, for errors.
  public static func expectation(of table: String) -> String {
    "\(elementTypes.dropLast().map(\.rawValue).joined(separator: ", ")) or \(elementTypes[elementTypes.count - 1]) rows in table '\(table)'"
  }

  var native: halo_rows {
    let element =
      switch elementType {
      case .float32: halo_float32
      case .float16: halo_float16
      case .bfloat16: halo_bfloat16
      case .int8: halo_int8
      default: preconditionFailure("no kernel reads rows of \(elementType)")
      }
    return halo_rows(
      base: base?.assumingMemoryBound(to: CChar.self), stride: strideBytes,
      references: references.map { UnsafeRawPointer($0).assumingMemoryBound(to: UInt64.self) },
      bases: segments.map { UnsafePointer($0.bases.pointer) }, strides: segments.map { UnsafePointer($0.strides.pointer) },
      element: element, scale_offset: ElementType.scaleOffset(columns: columns))
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
        segment.rows <= 1 || segment.strideBytes >= segment.elementType.rowBytes(columns: columns),
        "rows of \(columns) columns with a stride of \(segment.strideBytes) bytes")
      bases.pointer[index] = segment.base.assumingMemoryBound(to: CChar.self)
      strides.pointer[index] = segment.strideBytes
    }
  }
}
