package import Tensors

/// Sorts keys by some of their bits; keys that have the same bits there keep their order. Belongs to one thread at a time.
///
/// From the lowest digit of 11 bits to the highest, each in one pass through all keys: O(keys · digits).
package final class KeySort {
  private static let digitBits = 11
  /// How often each value of a digit occurs, then where the next key with it goes.
  private let places = Buffer<UInt32>(count: 1 << digitBits)
  private let other = GrowingBuffer<UInt64>()

  package init() {}

  /// - Parameter bits: Numbers of the bits that order keys, 0 the lowest.
  package func sort(_ keys: GrowingBuffer<UInt64>, by bits: Range<Int>) {
    let count = keys.count
    guard count > 1 else { return }
    other.reset(to: count)
    var (source, target) = (keys.pointer, other.pointer)
    for shift in stride(from: bits.lowerBound, to: bits.upperBound, by: Self.digitBits) {
      let width = min(Self.digitBits, bits.upperBound - shift)
      pass(source, target, count: count, shift: UInt64(shift), values: 1 << width)
      swap(&source, &target)
    }
    if source != keys.pointer { keys.pointer.update(from: source, count: count) }
  }

  private func pass(
    _ source: UnsafeMutablePointer<UInt64>, _ target: UnsafeMutablePointer<UInt64>, count: Int, shift: UInt64, values: Int
  ) {
    let (places, mask) = (places.pointer, UInt64(values &- 1))
    places.update(repeating: 0, count: values)
    for index in 0..<count { places[Int(source[index] &>> shift & mask)] &+= 1 }
    var sum: UInt32 = 0
    for value in 0..<values { (places[value], sum) = (sum, sum &+ places[value]) }
    for index in 0..<count {
      let key = source[index]
      let digit = Int(key &>> shift & mask)
      target[Int(places[digit])] = key
      places[digit] &+= 1
    }
  }
}
