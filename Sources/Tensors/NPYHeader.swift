import Foundation

/// Header of the `.npy` format, versions 1 to 3 (NumPy Enhancement Proposal 1).
///
/// ```
/// \x93NUMPY  major minor  length(2 or 4 bytes)  {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }␠…␠\n
/// ```
public struct NPYHeader: Equatable, Sendable {
  public var elementType: ElementType
  public var fortranOrder: Bool
  public var shape: [Int]
  /// Where the elements begin, in bytes from the start of the file.
  public var dataOffset: Int

  /// Elements of all dimensions.
  public var elementCount: Int { shape.reduce(1, *) }

  private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  private static let types: [(descr: String, type: ElementType)] = [
    ("<f4", .float32), ("<f8", .float64), ("<f2", .float16), ("|i1", .int8), ("<i2", .int16), ("<i4", .int32), ("<i8", .int64),
    ("|u1", .uint8), ("<u2", .uint16), ("<u4", .uint32), ("<u8", .uint64), ("|b1", .bool),
  ]

  /// Reads the header at the start of `bytes`.
  ///
  /// - Parameter place: The file's name, for errors.
  /// - Throws: `InputError` when magic, version, length, element type, order or shape is not one this reader knows.
  public init(parsing bytes: UnsafeRawBufferPointer, place: String) throws {
    func fail(_ expected: String, _ found: String) -> InputError { InputError(place, expected: expected, found: found) }
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(Self.magic) else {
      throw fail("a .npy file", "\(bytes.count) bytes without its magic number")
    }
    let wide = bytes[6] >= 2
    guard (1...3).contains(bytes[6]), !wide || bytes.count >= 12 else { throw fail(".npy version 1 to 3", "version \(bytes[6])") }
    let length =
      wide
      ? Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian)
      : Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self).littleEndian)
    dataOffset = (wide ? 12 : 10) + length
    guard dataOffset <= bytes.count else { throw fail("a .npy header of \(length) bytes", "the end of the file") }
    let text = String(decoding: bytes[(dataOffset - length)..<dataOffset], as: UTF8.self)
    guard let descr = Self.value(of: "descr", in: text, until: ",")?.trimmingCharacters(in: CharacterSet(charactersIn: "'\" ")),
      let order = Self.value(of: "fortran_order", in: text, until: ",")?.trimmingCharacters(in: .whitespaces),
      let tuple = Self.value(of: "shape", in: text, until: ")")?.trimmingCharacters(in: CharacterSet(charactersIn: "( "))
    else { throw fail("a .npy header with descr, fortran_order and shape", "'\(text.prefix(80))'") }
    guard let type = Self.types.first(where: { $0.descr == descr })?.type else {
      throw fail("a little-endian element type (\(Self.types.map(\.descr).joined(separator: " ")))", "'\(descr)'")
    }
    guard order == "True" || order == "False" else { throw fail("fortran_order True or False", "'\(order)'") }
    elementType = type
    fortranOrder = order == "True"
    shape = []
    var product = type.size
    for field in tuple.split(separator: ",") {
      let trimmed = field.trimmingCharacters(in: .whitespaces)
      if trimmed.isEmpty { continue }
      guard let length = Int(trimmed), length >= 0 else { throw fail("dimensions that are whole numbers", "'\(trimmed)'") }
      let (bytes, overflow) = product.multipliedReportingOverflow(by: max(1, length))
      guard !overflow else { throw fail("an array that fits 63 bits", "shape (\(tuple))") }
      product = bytes
      shape.append(length)
    }
  }

  private static func value(of key: String, in text: String, until end: Character) -> Substring? {
    for quote in ["'", "\""] {
      guard let range = text.range(of: "\(quote)\(key)\(quote)") else { continue }
      let rest = text[range.upperBound...].drop { $0 == " " || $0 == ":" }
      guard let stop = rest.firstIndex(of: end) else { return nil }
      return rest[..<stop]
    }
    return nil
  }

  /// A version 1 header, padded with spaces so that the elements begin at a multiple of 64 bytes.
  package static func encode(elementType: ElementType, shape: [Int]) -> [UInt8] {
    let stored = elementType == .bfloat16 ? .uint16 : elementType
    guard let descr = types.first(where: { $0.type == stored })?.descr else {
      preconditionFailure("\(elementType) has no .npy name")
    }
    let tuple = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    var text = Array("{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(tuple)), }".utf8)
    let total = (10 + text.count + 1 + 63) / 64 * 64
    text += [UInt8](repeating: 0x20, count: total - 10 - text.count - 1) + [0x0A]
    return magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }
}
