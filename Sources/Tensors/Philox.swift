/// Philox4x32-10, a counter-based random generator: 128 random bits as a pure function of a 64-bit key and a 128-bit counter.
///
/// Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public enum Philox {
  /// Four independent 32-bit words for `counter` under `key`; no state, any order of calls.
  @inlinable
  public static func block(key: UInt64, counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var x = counter
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    for _ in 0..<10 {
      let p0 = UInt64(x[0]) &* 0xD251_1F53
      let p1 = UInt64(x[2]) &* 0xCD9E_8D57
      x = SIMD4(
        UInt32(truncatingIfNeeded: p1 >> 32) ^ x[1] ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ x[3] ^ k1, UInt32(truncatingIfNeeded: p0))
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    return x
  }
}
