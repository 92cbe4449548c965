import Glibc
import Kernels
import Testing

@Suite struct ExponentialTests {
  private func exponential(_ values: [Float], _ instructions: InstructionSet = .detected) -> [Float] {
    var values = values
    let count = values.count
    Exponential.apply(&values, count: count, instructions: instructions)
    return values
  }

  @Test func literalValues() {
    #expect(exponential([0, -0, -.infinity, -100, -87.4, -1e38]) == [1, 1, 0, 0, 0, 0])
    #expect(exponential([.nan])[0].isNaN)
    // The float32 numbers nearest to e⁻¹ and e⁻¹⁰.
    for (x, exact) in [(-1, 0.36787945), (-10, 4.539993e-05)] as [(Float, Float)] {
      #expect(abs(exponential([x])[0] - exact) <= exact.ulp)
    }
  }

  /// Every 97th float32 from the smallest argument with a normal result up to -2⁻³⁰, against the C library in float64.
  @Test func noResultIsMoreThanTwoUnitsOff() {
    var worst = 0.0
    let range = Float(0x1p-30).bitPattern...Float(87.33654).bitPattern
    for start in stride(from: range.lowerBound, through: range.upperBound, by: 97 * 4096) {
      let values = stride(from: start, through: min(range.upperBound, start + 97 * 4095), by: 97).map { -Float(bitPattern: $0) }
      for (x, found) in zip(values, exponential(values)) {
        let exact = exp(Double(x))
        worst = max(worst, abs(Double(found) - exact) / Double(Float(exact).ulp))
      }
    }
    #expect(worst <= 2)
  }

  /// A value's neighbours, its place and the instruction set change nothing.
  @Test func everyLaneAndInstructionSetGivesTheSameBits() {
    var draws = Draws(4)
    let values = (0..<4099).map { _ in -abs(draws.float()) * 90 }
    let alone = values.map { exponential([$0], .portable)[0] }
    for instructions in InstructionSet.available {
      for first in 0..<17 { #expect(exponential(Array(values[first...]), instructions) == Array(alone[first...])) }
    }
  }
}
