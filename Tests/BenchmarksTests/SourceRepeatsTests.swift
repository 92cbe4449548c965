import Benchmarks
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct SourceRepeatsTests {
  @Test func evenDegreesRepeatAsRarelyAsThereAreNodes() {
    // Pairs of edges: 1000 · 50 · 49; all pairs: 50,000 · 49,999.
    let found = SourceRepeats.exponent(outDegrees: [UInt32](repeating: 50, count: 1000))
    #expect(abs(found - 1) < 0.005)
  }

  @Test func edgesOfOneNodeAlwaysRepeat() {
    #expect(SourceRepeats.exponent(outDegrees: [7, 0, 0, 0]) == 0)
  }

  @Test func withoutPairsNothingRepeats() {
    #expect(SourceRepeats.exponent(outDegrees: []) == 1)
    #expect(SourceRepeats.exponent(outDegrees: [1, 1, 0]) == 1)
  }

  /// Out-degrees drawn as R-MAT draws sources, bit by bit: the exponent is that of the probabilities, whatever the size.
  @Test(arguments: [10, 13, 16]) func halvesOfUnequalWeightHaveTheSameExponentAtEverySize(bits: Int) {
    let key = RandomKey(seed: 3, purpose: .partition, layer: 0)
    var degrees = [UInt32](repeating: 0, count: 1 << bits)
    for edge in 0..<(16 << bits) {
      var source = 0
      for bit in 0..<bits {
        let drawn = key.bits(id: UInt64(edge), step: UInt32(bit))[0]
        source = source << 1 | (Double(drawn) < 0.76 * 0x1p32 ? 0 : 1)
      }
      degrees[source] += 1
    }
    #expect(abs(SourceRepeats.exponent(outDegrees: degrees) - -log2(0.76 * 0.76 + 0.24 * 0.24)) < 0.01)
  }
}
