import Tensors
import Testing

@Suite struct PhiloxTests {
  /// The known answers that Random123 publishes for philox4x32-10.
  @Test func agreesWithThePublishedAnswers() {
    #expect(Philox.block(key: 0, counter: SIMD4(repeating: 0)) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox.block(key: .max, counter: SIMD4(repeating: .max)) == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.block(key: 0x299f_31d0_a409_3822, counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  /// Changing any part of a key changes the stream; these values are the contract with every run ever stored.
  @Test func keysOfDifferentUsesDiffer() {
    var seen: Set<UInt64> = []
    for seed in [0, 1, 7, UInt64.max] {
      for purpose in RandomPurpose.allCases {
        for layer in 0..<3 {
          for relation in 0..<3 { seen.insert(RandomKey(seed: seed, purpose: purpose, layer: layer, relation: relation).value) }
        }
      }
    }
    #expect(seen.count == 4 * RandomPurpose.allCases.count * 9)
  }

  @Test func keysKeepTheirValues() {
    #expect(RandomKey(seed: 7, purpose: .sample, layer: 1, relation: 2).value == 7_269_597_409_501_765_352)
    #expect(RandomKey(seed: 7, purpose: .dropout).bits(id: 5_000_000_000, step: 3, block: 1)[0] == 315_579_319)
  }

  @Test func boundedIndexCoversItsRange() {
    #expect(boundedIndex(0, below: 10) == 0)
    #expect(boundedIndex(.max, below: 10) == 9)
    #expect(boundedIndex(0x8000_0000, below: 10) == 5)
  }
}
