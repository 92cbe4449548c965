import Sampling
import Tensors
import Testing

@Suite struct FeistelPermutationTests {
  @Test func isABijectionForEverySmallSize() {
    for count in 0...300 {
      let permutation = FeistelPermutation(count: count, key: RandomKey(seed: UInt64(count), purpose: .permutation), epoch: 3)
      #expect(Set((0..<count).map { permutation[$0] }) == Set(0..<count), "size \(count)")
    }
  }

  @Test func epochsAndSeedsShuffleDifferently() {
    let orders = [(1, 0), (1, 1), (2, 0)].map { seed, epoch in
      let permutation = FeistelPermutation(
        count: 1000, key: RandomKey(seed: UInt64(seed), purpose: .permutation), epoch: UInt32(epoch))
      return (0..<1000).map { permutation[$0] }
    }
    #expect(Set(orders).count == 3)
    for order in orders { #expect(zip(order, 0...).filter { $0 == $1 }.count < 20, "far from the identity") }
  }

  /// Every element lands in every third of the range about equally often over many epochs.
  @Test func isUniformOverEpochs() {
    var hits = [[Int]](repeating: [0, 0, 0], count: 30)
    for epoch in 0..<3000 {
      let permutation = FeistelPermutation(count: 30, key: RandomKey(seed: 5, purpose: .permutation), epoch: UInt32(epoch))
      for index in 0..<30 { hits[index][permutation[index] / 10] += 1 }
    }
    // A count is binomial with mean 1000 and deviation 26; 6 deviations never happen by chance.
    for row in hits { for count in row { #expect(abs(count - 1000) < 156) } }
  }
}
