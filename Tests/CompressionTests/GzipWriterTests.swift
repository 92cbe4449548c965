import Compression
import Foundation
import Testing

@Suite struct GzipWriterTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func write(_ text: [UInt8], pieces: Int, to path: String) throws {
    let writer = try GzipWriter(creating: path)
    let length = max(1, (text.count + pieces - 1) / pieces)
    for low in stride(from: 0, to: text.count, by: length) {
      try text[low..<min(text.count, low + length)].withUnsafeBytes { try writer.write($0) }
    }
    try writer.close()
    try writer.close()
  }

  /// What was written reads back, and neither the pieces nor the time are in the bytes.
  @Test func contentReadsBackWhateverThePieces() throws {
    let text = sampleText(lines: 20_000)
    var files: [Data] = []
    for pieces in [1, 7, 1000] {
      let path = try folder.file("\(pieces).gz", [])
      try write(text, pieces: pieces, to: path)
      files.append(try Data(contentsOf: URL(fileURLWithPath: path)))
      let stream = try ByteStream(opening: path)
      #expect(stream.encoding == .gzip)
      var back = [UInt8](repeating: 0, count: text.count + 1)
      #expect(try back.withUnsafeMutableBytes { try stream.read(into: $0) } == text.count)
      #expect(back.dropLast() == text[...])
    }
    #expect(files[0] == files[1] && files[1] == files[2])
  }

  @Test func anEmptyFileIsAFile() throws {
    let path = try folder.file("empty.gz", [1, 2, 3])
    try write([], pieces: 1, to: path)
    let stream = try ByteStream(opening: path)
    var back: [UInt8] = [9]
    #expect(try back.withUnsafeMutableBytes { try stream.read(into: $0) } == 0)
  }

  @Test func aFolderThatIsNotThereIsOneLine() throws {
    let error = #expect(throws: CompressionError.self) { try GzipWriter(creating: "/nowhere/a.gz") }
    #expect(error?.file == "/nowhere/a.gz" && error?.message == "cannot be created: No such file or directory")
  }
}
