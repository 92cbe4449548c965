import CZlib

/// Raw deflate data (RFC 1951), as the entries of a zip archive hold them.
public enum Deflate {
  /// No deflate data grow by more than this factor (zlib's technical notes: 1032); a bound for sizes a file announces.
  public static let largestRatio = 1032

  /// Decompresses `compressed`, which must give exactly `target.count` bytes and leave nothing over.
  ///
  /// - Parameter file: Named in errors.
  /// - Throws: `CompressionError` when the data are corrupt, or longer or shorter than announced.
  public static func inflate(
    _ compressed: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, file: String
  ) throws(CompressionError) {
    let inflater = try Inflater(windowBits: -15, file: file)
    var consumed = 0
    var produced = 0
    // One byte past the end tells data that are longer than announced, and gives zlib room where nothing is announced.
    var overflow: UInt8 = 0
    while true {
      let step = try inflate(
        with: inflater, UnsafeRawBufferPointer(rebasing: compressed[consumed...]),
        into: UnsafeMutableRawBufferPointer(rebasing: target[produced...]), overflow: &overflow)
      consumed += step.consumed
      produced += step.produced
      guard produced <= target.count else {
        throw CompressionError(file: file, message: "corrupt: deflate data give more than the announced \(target.count) bytes")
      }
      if step.ended { break }
      guard step.consumed > 0 || step.produced > 0 else {
        throw CompressionError(file: file, message: "truncated: deflate data end after \(produced) of \(target.count) bytes")
      }
    }
    guard produced == target.count && consumed == compressed.count else {
      throw CompressionError(
        file: file,
        message: "corrupt: deflate data give \(produced) bytes from \(consumed), announced were \(target.count) from \(compressed.count)")
    }
  }

  private static func inflate(
    with inflater: Inflater, _ input: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, overflow: inout UInt8
  ) throws(CompressionError) -> Inflater.Step {
    if target.count > 0 { return try inflater.step(input, into: target) }
    return try withUnsafeMutableBytes(of: &overflow) { (spare) throws(CompressionError) in try inflater.step(input, into: spare) }
  }

  /// The CRC-32 that zip and gzip store beside their content.
  public static func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
  }
}
