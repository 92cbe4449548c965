import Messaging
import Testing

@Suite struct FrameHeaderTests {
  static let token: UInt64 = 0x1122_3344_5566_7788

  /// A frame with every field set and a payload of three bytes.
  static func frame() -> (header: FrameHeader, bytes: [UInt8]) {
    var header = FrameHeader(kind: 2, token: token, requestID: 0x0102_0304_0506_0708)
    header.table = 9
    header.part = 0x0A0B_0C0D
    header.step = 77
    header.count = 3
    header.detail = 0xFF00_0000_0000_0001
    header.payloadBytes = 3
    var bytes = [UInt8](repeating: 0xEE, count: FrameHeader.size + 3)
    bytes.withUnsafeMutableBytes { header.write(to: $0) }
    return (header, bytes)
  }

  static func parse(_ bytes: [UInt8]) throws -> FrameHeader {
    try bytes.withUnsafeBytes { try FrameHeader(parsing: $0, token: token) }
  }

  @Test func theBytesAreThoseOfTheFormat() {
    let expected: [UInt8] = [
      0x48, 0x41, 0x4C, 0x4F, 1, 0, 2, 0,  // "HALO", version, kind
      0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // token
      8, 7, 6, 5, 4, 3, 2, 1,  // request id
      9, 0, 0, 0, 0x0D, 0x0C, 0x0B, 0x0A,  // table, part
      77, 0, 0, 0, 3, 0, 0, 0,  // step, count
      1, 0, 0, 0, 0, 0, 0, 0xFF,  // detail
      3, 0, 0, 0, 0, 0, 0, 0,  // payload bytes
      0xEE, 0xEE, 0xEE,
    ]
    #expect(Self.frame().bytes == expected)
  }

  @Test func parsingReturnsWhatWasWritten() throws {
    let (header, bytes) = Self.frame()
    #expect(try Self.parse(bytes) == header)
  }

  @Test func everyTruncationAndExtensionIsForeign() {
    let bytes = Self.frame().bytes
    for length in 0..<bytes.count {
      #expect(throws: FrameHeader.Fault.foreign, "length \(length)") { try Self.parse(Array(bytes.prefix(length))) }
    }
    #expect(throws: FrameHeader.Fault.foreign) { try Self.parse(bytes + [0]) }
  }

  @Test func aFlippedBitInMagicTokenOrLengthIsForeign() {
    for byte in [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15] + Array(48..<56) {
      for bit in 0..<8 {
        var bytes = Self.frame().bytes
        bytes[byte] ^= 1 << bit
        #expect(throws: FrameHeader.Fault.foreign, "bit \(bit) of byte \(byte)") { try Self.parse(bytes) }
      }
    }
  }

  @Test func anotherVersionIsToldApartFromAStranger() {
    var bytes = Self.frame().bytes
    bytes[4] = 2
    let expected = FrameHeader.Fault.version(2, kind: 2, requestID: 0x0102_0304_0506_0708)
    #expect(throws: expected) { try Self.parse(bytes) }
    // A later version may have a shorter or longer header: only its first 24 bytes are read.
    #expect(throws: expected) { try Self.parse(Array(bytes.prefix(24))) }
  }
}
