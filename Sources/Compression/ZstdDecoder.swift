import CZstd

/// Reads all frames of a zstd file, RFC 8878.
final class ZstdDecoder: Decoder {
  private let context: OpaquePointer
  private var insideFrame = false

  init(file: String) throws(CompressionError) {
    guard let context = ZSTD_createDCtx() else { throw CompressionError(file: file, message: "not enough memory to decompress") }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  func decode(_ source: FileSource, into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    while true {
      // A frame that has more to give than fitted last time may do so from its own buffer, without input.
      let ended = try source.fill(1) == 0
      if ended && !insideFrame { return 0 }
      let available = source.available
      var input = ZSTD_inBuffer(src: available.baseAddress, size: available.count, pos: 0)
      var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
      let code = ZSTD_decompressStream(context, &output, &input)
      guard ZSTD_isError(code) == 0 else {
        throw CompressionError(file: source.path, message: "corrupt: \(String(cString: ZSTD_getErrorName(code)))")
      }
      source.consume(input.pos)
      insideFrame = code != 0
      if output.pos > 0 { return output.pos }
      if ended && insideFrame { throw CompressionError(file: source.path, message: "truncated: the file ends inside a zstd frame") }
    }
  }
}
