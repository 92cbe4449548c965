import Kernels
import PIM
import Tensors
import Testing

@Suite struct PIMAggregatorTests {
  /// PyGim's bits: the largest element becomes 2^(bits − 1).
  @Test func quantisationOfLiterals() {
    let wide = Quantisation(.int32, largest: 2, terms: 1000)
    #expect(wide.bits == 20 && wide.scale == 2 / 524_288)
    #expect(Quantisation(.int16, largest: 1, terms: 1).bits == 10 && Quantisation(.int8, largest: 1, terms: 1).bits == 5)
    #expect(Quantisation(.int8, largest: 0, terms: 1).scale == 1)
    // 53,864 terms of 2¹⁹ would leave 32 bits: 16 bits of terms leave 16.
    #expect(Quantisation(.int32, largest: 1, terms: 53_864).bits == 16)
  }

  @Test func reductionsOfALiteralGraph() throws {
    let graph = Graph([[0, 1], [], [1, 1, 2]], sourceCount: 3)
    let x = Matrix(rows: 3, columns: 2)
    for (index, value) in ([1, -2, 0.5, 4, -0.25, 8] as [Float]).enumerated() { x.view[index / 2, index % 2] = value }
    for type in [PIMElementType.int16, .int32, .float32] {
      var strategy = PIMStrategy(1, 2)
      strategy.elementType = type
      strategy.addOnly = true
      let aggregator = PIMAggregator(
        try PIMAggregation(.small([2, 2]), strategy), graph.edges, sourceCount: 3, threads: Threads(1))
      let out = Matrix(rows: 3, columns: 2)
      func rows(_ reduction: PIMReduction) throws -> [Float] {
        try aggregator.aggregate(x.view, reduction, into: out.view)
        return (0..<6).map { out.view[$0 / 2, $0 % 2] }
      }
      // Multiples of 1/64 up to 8 keep their values in 10 bits and more.
      #expect(try rows(.sum) == [1.5, 2, 0, 0, 0.75, 16], "\(type)")
      #expect(try rows(.mean) == [0.75, 1, 0, 0, 0.25, Float(16) * (1 / 3)], "\(type)")
      #expect(try rows(.max) == [1, 4, 0, 0, 0.5, 8], "\(type)")
    }
    withExtendedLifetime((graph, x)) {}
  }

  /// One tiling: what the planner of caches cuts is what banks hold.
  @Test func slicesAreThoseOfCaches() {
    let graph = Graph([[4, 0, 1], [], [2, 3, 2], [1]], sourceCount: 5)
    let tiling = SourceTiling(graph.edges, sourceCount: 5, slices: 3)
    let degrees = PIMDegrees(graph.edges, sourceCount: 5)
    let expected: [[UInt32]] = [[0, 2, 2, 2, 3], [0, 0, 0, 3, 3], [0, 1, 1, 1, 1]]
    for slice in 0..<3 {
      #expect(Array(degrees.slice(slice, of: 3).offsets.view) == expected[slice])
      #expect(degrees.slice(slice, of: 3).sourceCount == tiling.bounds[slice + 1] - tiling.bounds[slice])
    }
    withExtendedLifetime(graph) {}
  }
}
