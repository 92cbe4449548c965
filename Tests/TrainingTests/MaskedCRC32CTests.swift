import Testing
import Training

@Suite struct MaskedCRC32CTests {
  /// The read command of RFC 3720.
  private static let command: [UInt8] = [
    0x01, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0,
    0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0,
  ]

  /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  static let published: [([UInt8], UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0...31), 0x46DD_794E),
    ([UInt8]((0...31).reversed()), 0x113F_DB5C),
    (command, 0xD996_3A56),
    ([UInt8]("123456789".utf8), 0xE306_9283),
    ([], 0),
  ]

  @Test(arguments: published)
  func publishedChecksumsAreMet(bytes: [UInt8], checksum: UInt32) {
    #expect(MaskedCRC32C.plain(bytes) == checksum)
  }
}
