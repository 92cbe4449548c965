import CZlib

/// zlib's decompressor and the memory it owns.
final class Inflater {
  /// What one call did, in bytes.
  struct Step {
    var consumed: Int
    var produced: Int
    /// The compressed data, with their check value if the format has one, are complete.
    var ended: Bool
  }

  private let file: String
  // On the heap, since zlib's state points back at it and refuses to work when it has moved.
  private let state: UnsafeMutablePointer<z_stream>

  /// - Parameter windowBits: zlib's: −15 for raw deflate data, 31 for gzip.
  init(windowBits: Int32, file: String) throws(CompressionError) {
    self.file = file
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    let code = inflateInit2_(state, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      state.deallocate()
      throw CompressionError(file: file, message: "zlib does not start: code \(code)")
    }
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
  }

  /// Makes ready for the next member.
  func reset() throws(CompressionError) { try check(inflateReset(state)) }

  /// Decompresses from the start of `input` to the start of `target`, until one of them is used up or the data end.
  func step(_ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Step {
    let offered = UInt32(clamping: input.count)
    let room = UInt32(clamping: target.count)
    state.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    state.pointee.avail_in = offered
    state.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_out = room
    let code = inflate(state, Z_NO_FLUSH)
    // "Buffer error" means only that nothing could move; callers see it as a step of no bytes.
    if code != Z_STREAM_END && code != Z_BUF_ERROR { try check(code) }
    return Step(
      consumed: Int(offered - state.pointee.avail_in), produced: Int(room - state.pointee.avail_out), ended: code == Z_STREAM_END)
  }

  private func check(_ code: Int32) throws(CompressionError) {
    switch code {
    case Z_OK: return
    case Z_MEM_ERROR: throw CompressionError(file: file, message: "not enough memory to decompress")
    default:
      let reason = state.pointee.msg.map { String(cString: $0) } ?? "zlib code \(code)"
      throw CompressionError(file: file, message: "corrupt: \(reason)")
    }
  }
}
