import Kernels
import Tensors
import Testing

@Suite struct AggregationTests {
  @Test func aMeanOfLiteralRows() {
    let x = MatrixView([[1, 10], [2, 20], [4, 40]])
    let edges = Edges([[0, 1], [], [2], [0, 2, 2]])
    let out = MatrixView(zeros: 4, 2)
    Aggregation.aggregate(edges.neighborhood, rows: RowSource(x), .mean, into: out, threads: Threads(1))
    #expect(out.lists == [[1.5, 15], [0, 0], [4, 40], [3, 30]])
  }

  @Test func aWeightedSumOfLiteralRowsOverInitialValues() {
    let x = MatrixView([[1, 10], [2, 20], [4, 40]])
    let edges = Edges([[0, 1], [], [2]], weights: [2, 0.5, -1], scales: [1, 4, 0.25])
    let out = MatrixView([[100, 200], [300, 400], [7, 7]])
    Aggregation.aggregate(
      0..<3, of: edges.neighborhood, rows: RowSource(x), .sum, adding: out.prefix(2), into: out)
    #expect(out.lists == [[106, 260], [300, 400], [-1, -10]])
  }

  /// Matrix and references, with and without weights and scales, sum and mean, in place: against float64.
  @Test(arguments: awkwardWidths)
  func everyFormEqualsTheReference(width: Int) {
    var draws = Draws(UInt64(width))
    let x = draws.matrix(40, width, padding: width % 3)
    let scattered = ScatteredRows(x)
    let table = SegmentTable()
    for form in 0..<4 {
      let edges = Edges(&draws, destinations: 23, sources: 40, longest: 9, weighted: form & 1 == 1, scaled: form & 2 == 2)
      let initial = draws.matrix(11, width)
      for reduction in [Aggregation.Reduction.sum, .mean] {
        let out = MatrixView(zeros: 23, width, stride: width + 2)
        for row in 0..<11 { out.row(row).update(from: initial.row(row), count: width) }
        Aggregation.aggregate(
          0..<23, of: edges.neighborhood, rows: RowSource(x), reduction, adding: out.prefix(11), into: out)
        for destination in 0..<23 {
          let start = destination < 11 ? initial.doubles[destination] : nil
          let rows = x.doubles
          let expected = Aggregation.reference(
            destination, of: edges.neighborhood, rows: { rows[$0] }, columns: width, reduction, initial: start)
          let bound = tolerance(terms: edges.lists[destination].count, magnitude: Double(edges.lists[destination].count + 1))
          for column in 0..<width { #expect(abs(Double(out[destination, column]) - expected[column]) <= bound) }
        }
        let indirect = draws.matrix(23, width)
        Aggregation.aggregate(
          0..<23, of: edges.neighborhood, rows: RowSource(scattered.rows, segments: table), reduction, adding: initial,
          into: indirect)
        #expect(indirect.lists == out.lists)
      }
    }
  }

  @Test(arguments: awkwardWidths)
  func instructionSetsAndThreadsGiveTheSameBits(width: Int) {
    var draws = Draws(UInt64(1000 + width))
    let x = draws.matrix(300, width)
    for form in 0..<4 {
      let edges = Edges(&draws, destinations: 700, sources: 300, longest: 12, weighted: form & 1 == 1, scaled: form & 2 == 2)
      let expected = MatrixView(zeros: 700, width)
      Aggregation.aggregate(
        0..<700, of: edges.neighborhood, rows: RowSource(x), .mean, into: expected, instructions: .portable)
      for instructions in InstructionSet.available {
        let out = MatrixView(zeros: 700, width)
        Aggregation.aggregate(
          0..<700, of: edges.neighborhood, rows: RowSource(x), .mean, into: out, instructions: instructions)
        #expect(out.lists == expected.lists, "\(instructions)")
      }
      for threads in 1...3 {
        let out = MatrixView(zeros: 700, width)
        Aggregation.aggregate(edges.neighborhood, rows: RowSource(x), .mean, into: out, threads: Threads(threads))
        #expect(out.lists == expected.lists, "\(threads) threads")
      }
    }
  }

  /// ⟨g, A·x⟩ = ⟨Aᵀ·g, x⟩: the transposed gather is the adjoint of the mean.
  @Test func theTransposedGatherIsTheAdjoint() {
    var draws = Draws(5)
    let edges = Edges(&draws, destinations: 50, sources: 80, longest: 6)
    let (x, g) = (draws.matrix(80, 7), draws.matrix(50, 7))
    let (out, back) = (MatrixView(zeros: 50, 7), MatrixView(zeros: 80, 7))
    Aggregation.aggregate(edges.neighborhood, rows: RowSource(x), .mean, into: out, threads: Threads(1))
    let transposed = TransposedEdges()
    transposed.fill(edges.neighborhood, edgeCount: edges.count, sourceCount: 80, threads: Threads(1))
    let inverseDegrees = keep(Buffer(copying: edges.lists.map { $0.isEmpty ? 0 : 1 / Float($0.count) }))
    Aggregation.aggregate(
      transposed.neighborhood(scales: inverseDegrees.pointer), rows: RowSource(g), .sum, into: back, threads: Threads(2))
    let forward = zip(g.doubles.joined(), out.doubles.joined()).reduce(0) { $0 + $1.0 * $1.1 }
    let backward = zip(back.doubles.joined(), x.doubles.joined()).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(forward - backward) <= tolerance(terms: 10, magnitude: 350))
  }

  @Test func nothingToAggregateIsFine() {
    let x = MatrixView(zeros: 0, 5)
    Aggregation.aggregate(
      Edges([]).neighborhood, rows: RowSource(x), .mean, into: MatrixView(zeros: 0, 5), threads: Threads(2))
    let out = MatrixView([[3, 4], [5, 6]])
    Aggregation.aggregate(
      Edges([[], []]).neighborhood, rows: RowSource(MatrixView(zeros: 0, 2)), .sum, into: out, threads: Threads(1))
    #expect(out.lists == [[0, 0], [0, 0]])
  }
}
