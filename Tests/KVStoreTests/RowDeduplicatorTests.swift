import KVStore
import Tensors
import Testing

@Suite struct RowDeduplicatorTests {
  @Test func idsAreNumberedByFirstAppearanceLikeADictionaryWould() {
    let table = RowDeduplicator()
    for seed in 0..<60 as Range<UInt64> {
      let key = RandomKey(seed: seed, purpose: .generator)
      table.removeAll()
      var expected: [Int64: UInt32] = [:]
      for list in 0..<3 as Range<UInt64> {
        let count = Int(key.bits(id: list, step: 9)[0] % 3_000)
        table.reserve(count)
        for index in 0..<count {
          let bits = key.bits(id: UInt64(index), step: UInt32(list))
          // Few distinct ids, far apart: repetitions and ids that differ only in high or low bits.
          let id = Int64(bits[0] % 700) << Int64(bits[1] % 3 * 20)
          let known = expected[id]
          let (number, isNew) = table.number(of: id)
          #expect(isNew == (known == nil), "seed \(seed), id \(id)")
          #expect(number == known ?? UInt32(expected.count), "seed \(seed), id \(id)")
          expected[id] = number
        }
      }
      #expect(table.count == expected.count)
    }
  }
}
