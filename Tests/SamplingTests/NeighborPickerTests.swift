import Sampling
import Tensors
import Testing

@Suite struct NeighborPickerTests {
  private func pick(_ take: Int, of degree: Int, id: UInt64, step: UInt32 = 0, seed: UInt64 = 1) -> [UInt32] {
    let picker = NeighborPicker(key: RandomKey(seed: seed, purpose: .sample), step: step)
    return [UInt32](unsafeUninitializedCapacity: take) { buffer, count in
      picker.pick(take, of: degree, id: id, into: buffer.baseAddress!)
      count = take
    }
  }

  @Test func picksAreIncreasingAndInRange() {
    for degree in 2...40 {
      for take in 1..<degree {
        let picks = pick(take, of: degree, id: UInt64(degree * 100 + take))
        #expect(zip(picks, picks.dropFirst()).allSatisfy { $0 < $1 } && picks.last! < degree, "\(take) of \(degree): \(picks)")
      }
    }
    for (take, degree) in [(129, 130), (200, 1000), (500, 100_000)] {
      let picks = pick(take, of: degree, id: 5)
      #expect(picks.count == take && zip(picks, picks.dropFirst()).allSatisfy { $0 < $1 } && picks.last! < degree)
    }
  }

  /// Every subset of 3 out of 6 comes equally often: 20 subsets, 20,000 draws, mean 1,000 each, deviation 31.
  @Test func everySubsetIsEquallyLikely() {
    var counts: [[UInt32]: Int] = [:]
    for id in 0..<20_000 { counts[pick(3, of: 6, id: UInt64(id)), default: 0] += 1 }
    #expect(counts.count == 20)
    for (subset, count) in counts { #expect(abs(count - 1000) < 186, "\(subset)") }
  }

  /// Selection sampling gives every position the same chance: 150 of 300, 4,000 draws, mean 2,000, deviation 32.
  @Test func longSelectionsAreUniform() {
    var hits = [Int](repeating: 0, count: 300)
    for id in 0..<4000 { for position in pick(150, of: 300, id: UInt64(id)) { hits[Int(position)] += 1 } }
    for count in hits { #expect(abs(count - 2000) < 190) }
  }

  @Test func stepsNodesAndSeedsPickDifferently() {
    let picks = [pick(5, of: 1000, id: 1), pick(5, of: 1000, id: 2), pick(5, of: 1000, id: 1, step: 1), pick(5, of: 1000, id: 1, seed: 2)]
    #expect(Set(picks).count == 4)
  }

  /// The contract: these picks never change, or stored runs could not be repeated.
  @Test func picksKeepTheirValues() {
    #expect(pick(5, of: 1000, id: 1) == [162, 584, 774, 834, 884])
    #expect(pick(3, of: 7, id: 5_000_000_000, step: 9, seed: 42) == [0, 2, 3])
  }
}
