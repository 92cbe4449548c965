import Compression
import Testing

@Suite struct DeflateTests {
  private func inflate(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeBytes { source in
      try result.withUnsafeMutableBytes { try Deflate.inflate(source, into: $0, file: "a.npz(x.npy)") }
    }
    return result
  }

  private func failure(_ bytes: [UInt8], count: Int) -> String? {
    let error = #expect(throws: CompressionError.self) { try inflate(bytes, count: count) }
    #expect(error?.file == "a.npz(x.npy)")
    return error?.message
  }

  @Test func rawDataInflateToWhatTheyWere() throws {
    for text in [[], [7], sampleText(lines: 30_000)] {
      #expect(try inflate(deflated(text, windowBits: -15), count: text.count) == text)
      #expect(try inflate(deflated(text, windowBits: -15, level: 0), count: text.count) == text)
    }
  }

  @Test func wrongAnnouncedSizesAreErrors() {
    let text = sampleText(lines: 1000)
    let bytes = deflated(text, windowBits: -15)
    #expect(failure(bytes, count: text.count - 1)?.hasPrefix("corrupt: deflate data give") == true)
    #expect(failure(bytes, count: text.count + 1)?.hasPrefix("corrupt: deflate data give \(text.count) bytes") == true)
    #expect(failure(bytes, count: 0)?.hasPrefix("corrupt: deflate data give more than the announced 0") == true)
    #expect(failure(bytes + [0], count: text.count)?.hasPrefix("corrupt: deflate data give") == true)
    #expect(failure(Array(bytes.dropLast(9)), count: text.count)?.hasPrefix("truncated: deflate data end") == true)
    #expect(failure([], count: 0)?.hasPrefix("truncated") == true)
  }

  @Test func checkValueOfTheStandardTestString() {
    // The check value of CRC-32/ISO-HDLC.
    #expect(Array("123456789".utf8).withUnsafeBytes { Deflate.crc32($0) } == 0xCBF4_3926)
    #expect(Deflate.crc32(UnsafeRawBufferPointer(start: nil, count: 0)) == 0)
  }
}
