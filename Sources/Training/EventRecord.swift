/// One entry of a TensorBoard event file: what was measured at a step.
///
/// ```
/// Event         1 wall_time double · 2 step int64 · 3 file_version string | 5 summary Summary | 7 session_log SessionLog
/// Summary       1 value Value, repeated        Value: 1 tag string · 2 simple_value float
/// SessionLog    1 status enum (1: START)
/// record        length uint64 · masked CRC of length uint32 · Event · masked CRC of Event uint32, little-endian
/// ```
/// Messages: tensorflow/tensorflow: tensorflow/core/util/event.proto and core/framework/summary.proto, in protobuf's wire format. Frame:
/// tensorflow/core/lib/io/record_writer.h.
struct EventRecord {
  enum Content {
    /// Begins every file.
    case version
    /// A process goes on from here: what earlier files say of this step and later ones is void.
    case start
    /// Values by tag.
    case scalars([(tag: String, value: Double)])
  }

  /// Seconds since 1970.
  var time: Double
  var step: Int
  var content: Content

  /// The event as bytes of a file.
  var framed: [UInt8] {
    let event = message
    let length = Self.bytes(UInt64(event.count))
    return length + Self.bytes(MaskedCRC32C.of(length)) + event + Self.bytes(MaskedCRC32C.of(event))
  }

  private var message: [UInt8] {
    var bytes = Self.field(1, fixed: time.bitPattern) + Self.field(2, varint: UInt64(step))
    switch content {
    case .version: bytes += Self.field(3, Array("brain.Event:2".utf8))
    case .start: bytes += Self.field(7, Self.field(1, varint: 1))
    case .scalars(let scalars):
      let values = scalars.map { Self.field(1, Array($0.tag.utf8)) + Self.field(2, fixed: Float($0.value).bitPattern) }
      bytes += Self.field(5, values.flatMap { Self.field(1, $0) })
    }
    return bytes
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }

  /// Wire type 1 or 5.
  private static func field(_ number: UInt64, fixed value: some FixedWidthInteger) -> [UInt8] {
    varint(number << 3 | (value.bitWidth == 64 ? 1 : 5)) + bytes(value)
  }

  /// Wire type 0.
  private static func field(_ number: UInt64, varint value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }

  /// Wire type 2.
  private static func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(content.count)) + content
  }

  /// Seven bits a byte, the lowest first; the top bit says that more follow.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
