import CZlib
import CZstd
import Foundation

/// A folder of its own for one test, removed with the last reference.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "halo-compression-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// One gzip member, or raw deflate data with `windowBits` −15.
func deflated(_ bytes: [UInt8], windowBits: Int32 = 31, level: Int32 = 6) -> [UInt8] {
  var stream = z_stream()
  precondition(
    deflateInit2_(&stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
  defer { deflateEnd(&stream) }
  var input = bytes
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
  return input.withUnsafeMutableBufferPointer { input in
    let produced = output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return output.count - Int(stream.avail_out)
    }
    return Array(output[..<produced])
  }
}

/// One zstd frame with a checksum.
func zstandard(_ bytes: [UInt8]) -> [UInt8] {
  let context = ZSTD_createCCtx()!
  defer { ZSTD_freeCCtx(context) }
  precondition(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) == 0)
  var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
  let size = ZSTD_compress2(context, &output, output.count, bytes, bytes.count)
  precondition(ZSTD_isError(size) == 0)
  return Array(output[..<size])
}

/// Bytes that compress, but not to nothing.
func sampleText(lines: Int, seed: Int = 1) -> [UInt8] {
  var state = UInt32(seed)
  var text = [UInt8]()
  for line in 0..<lines {
    state = state &* 1_664_525 &+ 1_013_904_223
    text += Array("\(line)\t\(state >> 8)\n".utf8)
  }
  return text
}
