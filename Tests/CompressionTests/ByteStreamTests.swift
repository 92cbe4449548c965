import Compression
import Testing

@Suite struct ByteStreamTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func content(_ path: String, chunk: Int = 1 << 16) throws -> [UInt8] {
    let stream = try ByteStream(opening: path)
    var all = [UInt8]()
    var piece = [UInt8](repeating: 0, count: chunk)
    while true {
      let count = try piece.withUnsafeMutableBytes { try stream.read(into: $0) }
      all += piece[..<count]
      if count < chunk { return all }
    }
  }

  private func failure(_ path: String) -> CompressionError? {
    #expect(throws: CompressionError.self) { try content(path) }
  }

  @Test func allEncodingsGiveTheSameBytesForAnyChunk() throws {
    let text = sampleText(lines: 60_000)
    let files = [
      try folder.file("plain", text), try folder.file("one.gz", deflated(text)), try folder.file("one.zst", zstandard(text)),
    ]
    for (path, encoding) in zip(files, [ByteStream.Encoding.plain, .gzip, .zstd]) {
      #expect(try ByteStream(opening: path).encoding == encoding)
      for chunk in [7, 4096, 262_144, 1 << 22] { #expect(try content(path, chunk: chunk) == text, "\(encoding), chunk \(chunk)") }
    }
  }

  @Test func encodingIsToldByContentNotByName() throws {
    #expect(try content(try folder.file("edges.csv", deflated(Array("0,1\n".utf8)))) == Array("0,1\n".utf8))
    #expect(try content(try folder.file("edges.csv.gz", Array("0,1\n".utf8))) == Array("0,1\n".utf8))
  }

  @Test func filesShorterThanAMagicNumberArePlain() throws {
    for bytes in [[], [0x1F], [0x1F, 0x00], [0x28, 0xB5, 0x2F]] as [[UInt8]] {
      #expect(try content(try folder.file("short", bytes)) == bytes)
    }
  }

  @Test func allMembersOfAGzipFileAreRead() throws {
    let parts = (1...5).map { sampleText(lines: $0 * 7_000, seed: $0) } + [[]]
    let path = try folder.file("many.gz", parts.flatMap { deflated($0) } + [UInt8](repeating: 0, count: 512))
    #expect(try content(path) == parts.flatMap { $0 })
  }

  @Test func allFramesOfAZstdFileAreReadAndSkippableOnesAreSkipped() throws {
    let parts = (1...5).map { sampleText(lines: $0 * 7_000, seed: $0) }
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9]
    let path = try folder.file("many.zst", skippable + parts.flatMap { zstandard($0) } + skippable)
    #expect(try content(path) == parts.flatMap { $0 })
  }

  @Test func everyTruncationOfACompressedFileIsAnErrorNamingTheFile() throws {
    let text = sampleText(lines: 200)
    for (name, bytes) in [("cut.gz", deflated(text)), ("cut.zst", zstandard(text))] {
      for length in 4..<bytes.count {
        let error = failure(try folder.file(name, Array(bytes[..<length])))
        #expect(
          error?.file.hasSuffix(name) == true && error?.message.hasPrefix("truncated") == true,
          "\(name) cut to \(length): \(error?.message ?? "")")
      }
    }
  }

  @Test func everyFlippedByteOfTheContentIsAnError() throws {
    let text = sampleText(lines: 200)
    for (name, bytes, first) in [("bad.gz", deflated(text), 10), ("bad.zst", zstandard(text), 6)] {
      for position in first..<bytes.count {
        var broken = bytes
        broken[position] ^= 0x55
        #expect(throws: CompressionError.self, "\(name), byte \(position)") { try content(try folder.file(name, broken)) }
      }
    }
  }

  @Test func garbageAfterAGzipMemberIsCorrupt() throws {
    let error = failure(try folder.file("tail.gz", deflated(Array("0,1\n".utf8)) + [1, 2, 3]))
    #expect(error?.message == "corrupt: bytes after a gzip member are not another member")
  }

  @Test func missingFilesAndDirectoriesAreNamed() throws {
    #expect(failure(folder.path + "/none")?.description == "\(folder.path)/none: cannot be opened: No such file or directory")
    #expect(failure(folder.path)?.description == "\(folder.path): cannot be read: Is a directory")
  }

  @Test func progressCountsBytesOfTheFileOnDisk() throws {
    let bytes = deflated(sampleText(lines: 100_000))
    let stream = try ByteStream(opening: try folder.file("progress.gz", bytes))
    #expect(stream.fileSize == bytes.count)
    var piece = [UInt8](repeating: 0, count: 1000)
    var last = 0
    while try piece.withUnsafeMutableBytes({ try stream.read(into: $0) }) == 1000 {
      #expect(stream.fileBytesRead >= last)
      last = stream.fileBytesRead
    }
    #expect(stream.fileBytesRead == bytes.count)
  }
}
