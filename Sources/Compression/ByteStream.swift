/// The decompressed bytes of a plain, gzip or zstd file, told apart by their first bytes, not by the name.
///
/// Holds one 256 KiB buffer and the decoder's state, whatever the size of the file. All members of a gzip file and all frames
/// of a zstd file are read; checksums stored in the file are verified. Confined to one thread.
public final class ByteStream {
  /// How a file is stored.
  public enum Encoding: String, Sendable {
    case plain, gzip, zstd
  }

  public let encoding: Encoding
  private let source: FileSource
  private let decoder: any Decoder

  /// Opens `path` and reads its first bytes.
  ///
  /// - Throws: `CompressionError` when it cannot be opened or read.
  public init(opening path: String) throws(CompressionError) {
    source = try FileSource(opening: path)
    try source.fill(4)
    encoding = Self.encoding(of: source.available)
    switch encoding {
    case .plain: decoder = PlainDecoder()
    case .gzip: decoder = try GzipDecoder(file: path)
    case .zstd: decoder = try ZstdDecoder(file: path)
    }
  }

  public var path: String { source.path }

  /// Bytes of the file on disk, 0 for a pipe.
  public var fileSize: Int { source.size }

  /// Bytes of the file on disk that were read so far; with `fileSize` the measure of progress.
  public var fileBytesRead: Int { source.bytesRead }

  /// Fills `target` from its start unless the stream ends first.
  ///
  /// - Returns: Bytes written; less than `target.count` only at the end of the stream.
  /// - Throws: `CompressionError` when the file cannot be read, is corrupt, or ends inside a compressed member.
  public func read(into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    var done = 0
    while done < target.count {
      let count = try decoder.decode(source, into: UnsafeMutableRawBufferPointer(rebasing: target[done...]))
      if count == 0 { break }
      done += count
    }
    return done
  }

  private static func encoding(of first: UnsafeRawBufferPointer) -> Encoding {
    if first.count >= 2 && first[0] == 0x1F && first[1] == 0x8B { return .gzip }
    guard first.count >= 4 else { return .plain }
    switch first.loadUnaligned(as: UInt32.self).littleEndian {
    case 0xFD2F_B528, 0x184D_2A50...0x184D_2A5F: return .zstd  // RFC 8878: a frame, a skippable frame
    default: return .plain
    }
  }
}

/// A decompressor: takes bytes from a file and gives their content.
protocol Decoder: AnyObject {
  /// Writes at least one byte to the start of `target` and returns how many, or returns 0 at the end of the stream.
  ///
  /// - Precondition: `target` is not empty.
  func decode(_ source: FileSource, into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int
}

private final class PlainDecoder: Decoder {
  func decode(_ source: FileSource, into target: UnsafeMutableRawBufferPointer) throws(CompressionError) -> Int {
    try source.take(into: target)
  }
}
