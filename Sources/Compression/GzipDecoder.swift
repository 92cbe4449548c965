import CZlib

/// Reads all members of a gzip file, RFC 1952; zero bytes after the last member are padding.
final class GzipDecoder: Decoder {
  private let inflater: Inflater
  private var insideMember = true

  init(file: String) throws(CompressionError) {
    inflater = try Inflater(windowBits: 15 + 16, file: file)  // zlib: 16 asks for a gzip header
  }

  func decode(_ source: FileSource, into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    while true {
      if try source.fill(1) == 0 {
        guard insideMember else { return 0 }
        throw CompressionError(file: source.path, message: "truncated: the file ends inside a gzip member")
      }
      if !insideMember {
        guard try nextMember(in: source) else { return 0 }
        try inflater.reset()
        insideMember = true
      }
      let step = try inflater.step(source.available, into: target)
      source.consume(step.consumed)
      if step.ended { insideMember = false }
      if step.produced > 0 { return step.produced }
    }
  }

  /// Looks for another member past the end of one; `false` at the end of the file.
  private func nextMember(in source: FileSource) throws(CompressionError) -> Bool {
    while try source.fill(2) > 0 {
      let bytes = source.available
      if bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B { return true }
      guard bytes[0] == 0 else {
        throw CompressionError(file: source.path, message: "corrupt: bytes after a gzip member are not another member")
      }
      source.consume(1)
    }
    return false
  }
}
