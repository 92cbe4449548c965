import Kernels
import Tensors
import Testing

@Suite struct AggregatorTests {
  /// Destination 0 gathers 1 + 2 · 4, destination 1 nothing, destination 2 the row 4 twice.
  @Test func rowsThatAreThereAndRowsAlongEdgesAreTheSame() {
    let edges = Edges([[0, 1], [], [1, 1]])
    let x = MatrixView(zeros: 2, 1)
    (x[0, 0], x[1, 0]) = (1, 4)
    let scales: [Float] = [1, 2]
    scales.withUnsafeBufferPointer { scales in
      let scaled = Neighborhood(
        destinationCount: 3, begin: edges.neighborhood.begin, end: edges.neighborhood.end, sources: edges.neighborhood.sources,
        scales: scales.baseAddress)
      let along = CPUAggregator().gather(RowSource(x), along: scaled, .sum, into: GrowingBuffer(), threads: Threads(1))
      let sums = MatrixView(zeros: 3, 1)
      along.write(0..<3, into: sums)
      #expect(sums.lists == [[9], [0], [16]])
      let there = Gathered(sums)
      for gathered in [along, there] {
        let out = MatrixView(zeros: 2, 1)
        gathered.write(1..<3, into: out)
        #expect(out.lists == [[0], [16]])
        // One initial row for two destinations.
        let initial = MatrixView(zeros: 1, 1)
        initial[0, 0] = 5
        gathered.write(1..<3, adding: initial, into: out)
        #expect(out.lists == [[5], [16]])
        gathered.write(1..<3, adding: out, into: out)
        #expect(out.lists == [[5], [32]], "initial rows may be those written")
      }
    }
  }

  @Test func theSamePartsOfRandomGraphsHaveTheSameBits() {
    for seed in 0..<30 {
      var draws = Draws(UInt64(4000 + seed))
      let width = 1 + draws.index(below: 40)
      let edges = Edges(&draws, destinations: 70, sources: 20, longest: 6)
      let x = draws.matrix(20, width, padding: seed % 3)
      let initial = draws.matrix(31, width)
      for reduction in [Aggregation.Reduction.sum, .mean] {
        let along = CPUAggregator().gather(
          RowSource(x), along: edges.neighborhood, reduction, into: GrowingBuffer(), threads: Threads(1))
        let all = MatrixView(zeros: 70, width)
        along.write(0..<70, into: all)
        let (a, b) = (MatrixView(zeros: 50, width), MatrixView(zeros: 50, width))
        along.write(10..<60, into: a)
        Gathered(all).write(10..<60, into: b)
        #expect(a.lists == b.lists, "seed \(seed)")
        // An initial value comes before the sum, so a mean and a sum that begin with it round in another order.
        Gathered(all).write(10..<60, adding: initial, into: b)
        along.write(10..<60, adding: initial, into: a)
        for row in 0..<50 {
          for column in 0..<width { #expect(abs(a[row, column] - b[row, column]) <= 1e-5 * 8, "seed \(seed)") }
        }
      }
    }
  }

  /// Whole passes over slices are those of the tiling, which is made once.
  @Test func slicesOfAGraphAreMadeOnce() {
    var draws = Draws(77)
    let edges = Edges(&draws, destinations: 40, sources: 30, longest: 5)
    let tilings = SourceTilings(edges.neighborhood, sourceCount: 30)
    #expect(tilings[3] === tilings[3] && tilings[3] !== tilings[2])
    #expect(tilings[3].bounds == [0, 10, 20, 30])
    let x = draws.matrix(30, 8)
    let (whole, sliced, expected) = (MatrixView(zeros: 40, 8), MatrixView(zeros: 40, 8), MatrixView(zeros: 40, 8))
    CPUAggregator().aggregate(RowSource(x), tilings, slices: 1, .mean, into: whole, threads: Threads(2))
    Aggregation.aggregate(edges.neighborhood, rows: RowSource(x), .mean, into: expected, threads: Threads(1))
    #expect(whole.lists == expected.lists)
    CPUAggregator().aggregate(RowSource(x), tilings, slices: 3, .mean, into: sliced, threads: Threads(2))
    tilings[3].aggregate(rows: RowSource(x), .mean, into: expected, threads: Threads(1))
    #expect(sliced.lists == expected.lists)
    #expect(tilings.plan(rowBytes: 32) == SourceTiling.plan(edges.neighborhood, sourceCount: 30, rowBytes: 32))
  }
}
