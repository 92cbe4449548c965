import Kernels
import Tensors

/// Input rows of a stored type, scattered over segments of different strides, and the values they stand for.
struct StoredRows {
  /// Types that are narrower than float32.
  static let narrowTypes: [ElementType] = [.float16, .bfloat16, .int8]

  let rows: InputRows
  /// What each element is, decoded one by one.
  let values: [[Double]]

  /// Random rows.
  ///
  /// - Parameter exact: Small integers, so that sums of some of them, and products with powers of two, are exact.
  init(_ draws: inout Draws, _ type: ElementType, rows count: Int, columns: Int, segments: Int = 3, exact: Bool = false) {
    self.init(
      (0..<count).map { _ in
        let scale = exact ? 0.5 : abs(draws.float()) / 64
        return Self.encode((0..<columns).map { _ in exact ? Float(draws.index(below: 17)) - 8 : draws.float() }, type, scale: scale)
      }, type, columns: columns, segments: segments)
  }

  /// - Parameter stored: Bytes of each row, an int8 row with its scale.
  init(_ stored: [[UInt8]], _ type: ElementType, columns: Int, segments segmentCount: Int = 1) {
    let counts = (0..<segmentCount).map { segment in (stored.count + segmentCount - 1 - segment) / segmentCount }
    let width = type.rowBytes(columns: columns)
    let strides = (0..<segmentCount).map { width + $0 * max(4, type.size) }
    let owners = zip(counts, strides).map { keep(Buffer<UInt8>(count: $0 * $1)) }
    let references = keep(Buffer<RowReference>(count: stored.count))
    for (row, bytes) in stored.enumerated() {
      let (segment, place) = (row % segmentCount, counts[row % segmentCount] - 1 - row / segmentCount)
      (owners[segment].pointer + place * strides[segment]).update(from: bytes, count: width)
      references[row] = RowReference(segment: segment, row: place)
    }
    rows = InputRows(
      segments: .dense(
        owners.indices.map {
          RowSegment(base: owners[$0].pointer, rows: counts[$0], strideBytes: strides[$0], elementType: type, owner: owners[$0])
        }), references: UnsafeBufferPointer(references.elements), columns: columns)
    values = stored.map { Self.decode($0, type, columns: columns) }
  }

  var source: RowSource { RowSource(rows, segments: SegmentTable()) }

  /// - Parameter scale: Of an int8 row; its elements are cut to what fits.
  static func encode(_ values: [Float], _ type: ElementType, scale: Float) -> [UInt8] {
    switch type {
    case .float16: return values.flatMap { bytes(Float16($0).bitPattern) }
    case .bfloat16: return values.flatMap { bytes(UInt16($0.bitPattern >> 16)) }
    case .int8:
      let stored = values.map { UInt8(bitPattern: Int8(max(-127, min(127, ($0 / scale).rounded())))) }
      return stored + [UInt8](repeating: 0, count: (4 - values.count % 4) % 4) + bytes(scale)
    default: return values.flatMap { bytes($0) }
    }
  }

  private static func decode(_ row: [UInt8], _ type: ElementType, columns: Int) -> [Double] {
    row.withUnsafeBytes { row in
      (0..<columns).map { column in
        switch type {
        case .float16: return Double(Float16(bitPattern: row.loadUnaligned(fromByteOffset: 2 * column, as: UInt16.self)))
        case .bfloat16:
          return Double(Float(bitPattern: UInt32(row.loadUnaligned(fromByteOffset: 2 * column, as: UInt16.self)) << 16))
        case .int8:
          let scale = row.loadUnaligned(fromByteOffset: row.count - 4, as: Float.self)
          return Double(Float(Int8(bitPattern: row[column])) * scale)
        default: return Double(row.loadUnaligned(fromByteOffset: 4 * column, as: Float.self))
        }
      }
    }
  }

  private static func bytes<T: BitwiseCopyable>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}

extension MatrixView {
  var bits: [[UInt32]] { lists.map { $0.map(\.bitPattern) } }
}
