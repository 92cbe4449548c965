import Compression
import Tensors

/// Files that are read as a whole, since their format has no pieces that could be parsed by themselves.
enum WholeFile {
  /// All bytes of a file, decompressed.
  ///
  /// - Throws: `InputError` when the file cannot be read or decompressed.
  static func read(_ path: String) throws -> [UInt8] {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    do throws(CompressionError) {
      let stream = try ByteStream(opening: path)
      var bytes: [UInt8] = []
      while true {
        let count = try stream.read(into: piece)
        bytes.append(contentsOf: piece[..<count])
        if count < piece.count { return bytes }
      }
    } catch {
      throw InputError(error)
    }
  }
}
