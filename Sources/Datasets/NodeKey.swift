import Tensors

/// What tells one node from another in 16 bytes: the name itself while it is short.
///
/// ```
/// high                                       low
/// ┌────────┬─────────────────────────────┐  ┌─────────────────────────────┐
/// │ 1 … 15 │ bytes 8 … 14 of the name    │  │ bytes 0 … 7 of the name     │  a name of so many bytes
/// │ 0xFE   │ 1 for a negative number     │  │ 64 bits of a whole number   │
/// │ 0xFF   │ 56 bits of XXH3-128         │  │ 64 more bits of it          │  a longer name
/// └────────┴─────────────────────────────┘  └─────────────────────────────┘
/// ```
/// Short names and numbers are told apart exactly; among 2³² longer names the chance that any two share a key is about 2⁻⁵⁷.
struct NodeKey: Equatable, BitwiseCopyable {
  var low: UInt64
  var high: UInt64

  /// Bytes of the longest name that a key holds by itself.
  static let longestShortName = 15
  private static let numberTag: UInt64 = 0xFE << 56
  private static let hashTag: UInt64 = 0xFF << 56

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// - Precondition: The name is not empty.
  @inline(__always)
  init(name: UnsafeRawBufferPointer) {
    let count = name.count
    guard count <= Self.longestShortName, let base = name.baseAddress else {
      let hash = Checksum.words(of: name)
      (low, high) = (hash.low, hash.high & (1 << 56 - 1) | Self.hashTag)
      return
    }
    let length = UInt64(truncatingIfNeeded: count) << 56
    func word(_ offset: Int) -> UInt64 { base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian }
    func half(_ offset: Int) -> UInt64 { UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian) }
    func byte(_ offset: Int) -> UInt64 { UInt64(base.load(fromByteOffset: offset, as: UInt8.self)) }
    // Loads that overlap write the same bytes twice; nothing outside of the name is read.
    if count > 8 {
      (low, high) = (word(0), word(count - 8) >> UInt64(8 * (16 - count)) | length)
    } else if count == 8 {
      (low, high) = (word(0), length)
    } else if count >= 4 {
      (low, high) = (half(0) | half(count - 4) << UInt64(8 * (count - 4)), length)
    } else {
      let middle = byte(count / 2) << UInt64(8 * (count / 2))
      (low, high) = (byte(0) | middle | byte(count - 1) << UInt64(8 * (count - 1)), length)
    }
  }

  /// - Parameter bits: Two's complement of a negative number.
  init(number bits: UInt64, isNegative: Bool) {
    low = bits
    high = Self.numberTag | (isNegative ? 1 : 0)
  }

  /// Whether the name is longer than the key and has to be kept beside it.
  @inline(__always)
  var isHashed: Bool { high >= Self.hashTag }

  /// Bits that spread keys over tables: the folded product of wyhash.
  @inline(__always)
  var hash: UInt64 {
    let product = (low ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: high ^ 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }

  /// Calls `body` with the bytes of the name.
  ///
  /// - Parameter long: The name of a hashed key.
  func withName<R>(_ long: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    if isHashed { return try body(long) }
    if high >= Self.numberTag { return try withDigits(body) }
    return try withUnsafeBytes(of: (low.littleEndian, high.littleEndian)) {
      try body(UnsafeRawBufferPointer(rebasing: $0[..<Int(high >> 56)]))
    }
  }

  private func withDigits<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    // The longest number is -9223372036854775808.
    try withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { text in
      let isNegative = high & 1 == 1
      var rest = isNegative ? 0 &- low : low
      var first = text.count
      repeat {
        first -= 1
        text[first] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if isNegative {
        first -= 1
        text[first] = 0x2D
      }
      return try body(UnsafeRawBufferPointer(rebasing: text[first...]))
    }
  }
}
