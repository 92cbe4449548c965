import Kernels
import Testing

@Suite struct MemoryTouchTests {
  @Test func aStreamIsReadOnceALine() {
    let words: [UInt64] = (0..<64).map { UInt64($0 * $0) }
    words.withUnsafeBytes { bytes in
      // Lines begin at words 0, 8, 16 …
      #expect(MemoryTouch.stream(bytes.baseAddress!, count: 256) == 0 + 64 + 256 + 576)
      #expect(MemoryTouch.stream(bytes.baseAddress!, count: 512) == 0 + 64 + 256 + 576 + 1024 + 1600 + 2304 + 3136)
      #expect(MemoryTouch.stream(bytes.baseAddress!, count: 72) == 0 + 64)
      #expect(MemoryTouch.stream(bytes.baseAddress!, count: 4) == 0)
    }
  }

  @Test(arguments: [0, 1, 16])
  func rowsAreReadInTheirSequenceHoweverEarlyTheyAreAskedFor(ahead: Int) {
    let words: [UInt64] = (0..<40).map { UInt64($0) }
    words.withUnsafeBytes { bytes in
      // Rows of 10 words: row 2 begins at word 20, its second line at word 28.
      let sum = ([2, 0, 2] as [UInt32]).withUnsafeBufferPointer {
        MemoryTouch.rows(bytes.baseAddress!, strideBytes: 80, rowBytes: 80, sequence: $0, ahead: ahead)
      }
      #expect(sum == 2 * (20 + 28) + (0 + 8))
    }
  }
}
