import PIM
import Testing

@Suite struct StreamKernelsTests {
  private let numbers = (0..<8192).map { Int32($0 * 7919 % 10_007) - 5000 }

  @Test func vectorsAreAdded() throws {
    for tasklets in [1, 5, 16] {
      let other = numbers.map { $0 &* 3 }
      #expect(try StreamKernels.vectorAddition(numbers, other, tasklets: tasklets).sums == numbers.map { $0 * 4 })
    }
  }

  @Test func vectorsAreReduced() throws {
    let wide = numbers.map(Int64.init)
    for tasklets in [1, 5, 16] { #expect(try StreamKernels.reduction(wide, tasklets: tasklets).sum == wide.reduce(0, +)) }
  }

  /// A block of 2,048 bytes is read in 1,128.96 cycles and written in 1,127.44.
  @Test func copiesRunAtTheRateOfTransfers() throws {
    let (copy, rate) = try StreamKernels.copy(numbers)
    #expect(copy == numbers)
    #expect(abs(rate - 4096 * 350e6 / (1128.96 + 1127.44)) < 1)
  }
}
