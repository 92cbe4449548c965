import KVStore
import Tensors
import Testing

@Suite struct KeySortTests {
  /// Equal ones keep their order: what lies below the bits tells them apart.
  @Test(arguments: [0, 1, 2, 1_000, 5_000])
  func keysAreInTheOrderOfTheirBits(count: Int) {
    let sorter = KeySort()
    for (seed, bits) in [20..<20, 20..<31, 20..<32, 7..<40, 0..<64, 63..<64].enumerated() {
      let key = RandomKey(seed: UInt64(seed), purpose: .generator)
      let drawn = (0..<count).map { index in
        let words = key.bits(id: UInt64(index), step: 0)
        return UInt64(words[0]) << 32 | UInt64(words[1])
      }
      let keys = GrowingBuffer<UInt64>()
      for value in drawn { keys.append(value) }
      sorter.sort(keys, by: bits)
      func order(_ key: UInt64) -> UInt64 { bits.isEmpty ? 0 : (key << UInt64(64 - bits.upperBound)) >> UInt64(64 - bits.count) }
      let expected = drawn.enumerated().sorted { (order($0.element), $0.offset) < (order($1.element), $1.offset) }.map(\.element)
      #expect(Array(keys.readOnly) == expected, "bits \(bits)")
    }
  }
}
