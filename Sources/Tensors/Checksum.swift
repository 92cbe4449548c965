import CXXHash
import Glibc

/// XXH3, 128 bits, as 32 hexadecimal digits: what `xxhsum -H2` prints. Finds damage, not forgery.
public enum Checksum {
  /// Checksum of `bytes`.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> String {
    hexadecimal(XXH3_128bits(bytes.baseAddress, bytes.count))
  }

  /// The 128 bits of the checksum as two numbers, for tables of keys.
  package static func words(of bytes: UnsafeRawBufferPointer) -> (low: UInt64, high: UInt64) {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    return (hash.low64, hash.high64)
  }

  /// Checksum of a whole file, read in pieces of 1 MiB.
  ///
  /// - Throws: `SystemError` when the file cannot be opened or read.
  public static func of(file path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(path)", code: errno) }
    defer { close(descriptor) }
    var running = RunningChecksum()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    while true {
      let count = read(descriptor, piece.baseAddress!, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw SystemError("read \(path)", code: errno) }
      if count == 0 { return running.digest }
      running.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
    }
  }

  fileprivate static func hexadecimal(_ hash: XXH128_hash_t) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text = [UInt8]()
    for word in [hash.high64, hash.low64] {
      for shift in stride(from: 60, through: 0, by: -4) { text.append(digits[Int(word >> UInt64(shift) & 15)]) }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The checksum of bytes that come in pieces; how they are cut does not matter.
public struct RunningChecksum: ~Copyable {
  private let state: OpaquePointer

  public init() {
    guard let state = XXH3_createState() else { fatalError("out of memory") }
    XXH3_128bits_reset(state)
    self.state = state
  }

  deinit { XXH3_freeState(state) }

  /// Appends `bytes`.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// The checksum of all bytes so far, 32 hexadecimal digits.
  public var digest: String { Checksum.hexadecimal(XXH3_128bits_digest(state)) }
}
