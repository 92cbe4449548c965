import Tensors

/// Graphs made from a seed, of any size.
///
/// Every edge, label and feature is a pure function of the seed and its own number, so a graph has the same bits for any
/// number of threads.
public enum Generators {
  /// What a random number decides; part of its key. The values are part of every generated graph: they never change.
  enum Stream: Int {
    case edges = 0
    case permutation = 1
    case labels = 2
    case features = 3
    case split = 4
    case classCentroids = 5
    case groupCentroids = 6
    case edgeFeatures = 7
    case sourceClassCentroids = 8
    case destinationClassCentroids = 9
    case sourceGroupCentroids = 10
    case destinationGroupCentroids = 11
  }

  static func key(_ seed: UInt64, _ stream: Stream) -> RandomKey {
    RandomKey(seed: seed, purpose: .generator, layer: stream.rawValue)
  }

  /// Largest number of nodes; ids are 32 bits wide and the last is kept free.
  static let mostNodes = Int(UInt32.max)

  /// A keyed uniform permutation of `0..<count`: Fisher and Yates' shuffle with the draw at position `i` a function of `i`.
  static func permutation(of count: Int, seed: UInt64, _ stream: Stream) -> Buffer<UInt32> {
    let key = key(seed, stream)
    let result = Buffer<UInt32>(count: count)
    let p = result.pointer
    for i in 0..<count {
      let j = bounded(key.bits(id: UInt64(i), step: 0), below: UInt64(i) &+ 1).index
      p[i] = p[Int(j)]
      p[Int(j)] = UInt32(truncatingIfNeeded: i)
    }
    return result
  }

  /// Maps the first 64 bits of `bits` to `0..<bound`, and gives 32 further bits that are nearly independent of the index.
  @inline(__always)
  static func bounded(_ bits: SIMD4<UInt32>, below bound: UInt64) -> (index: UInt64, rest: UInt32) {
    let product = (UInt64(bits[0]) << 32 | UInt64(bits[1])).multipliedFullWidth(by: bound)
    return (product.high, UInt32(truncatingIfNeeded: product.low >> 32))
  }

  /// Number of 32-bit draws, of 2³², that fall below a probability.
  static func threshold(_ probability: Double) -> UInt64 { UInt64((probability * 0x1p32).rounded()) }
}
