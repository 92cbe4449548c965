import Kernels
import Tensors
import Testing

@Suite struct MaxAggregationTests {
  private func aggregate(_ lists: [[UInt32]], _ rows: MatrixView) -> (values: [[Float]], winners: [[UInt32]]) {
    let edges = Edges(lists)
    let out = MatrixView(zeros: lists.count, rows.columns)
    var winners = [UInt32](repeating: 7, count: lists.count * rows.columns)
    MaxAggregation.aggregate(
      0..<lists.count, of: edges.neighborhood, rows: rows, into: out, winners: &winners, winnerStride: rows.columns)
    let without = MatrixView(zeros: lists.count, rows.columns)
    MaxAggregation.aggregate(0..<lists.count, of: edges.neighborhood, rows: rows, into: without, winners: nil, winnerStride: 0)
    #expect(without.lists == out.lists)
    return (out.lists, lists.indices.map { Array(winners[$0 * rows.columns..<($0 + 1) * rows.columns]) })
  }

  @Test func largestElementsAndWhoGaveThem() {
    let rows = MatrixView([[1, -5], [3, -7], [3, -6]])
    let (values, winners) = aggregate([[0, 1, 2], [], [2, 1], [1, 1]], rows)
    #expect(values == [[3, -5], [0, 0], [3, -6], [3, -7]])
    // The first of equal elements wins; a destination without edges has no winner.
    #expect(winners == [[1, 0], [MaxAggregation.nobody, MaxAggregation.nobody], [2, 2], [1, 1]])
  }

  /// The gradient of an element goes to its winner, once however many parallel edges it has.
  @Test func gradientsGoToTheWinners() {
    let rows = MatrixView([[1, -5], [3, -7], [3, -6]])
    let lists: [[UInt32]] = [[0, 1, 2], [], [2, 1], [1, 1]]
    let edges = Edges(lists)
    let (_, winners) = aggregate(lists, rows)
    let transposed = TransposedEdges()
    transposed.fill(edges.neighborhood, edgeCount: 7, sourceCount: 3, threads: Threads(1))
    let gradient = MatrixView([[1, 2], [4, 8], [16, 32], [64, 128]])
    let out = MatrixView(zeros: 3, 2)
    MaxAggregation.gather(
      0..<3, of: transposed.neighborhood(), gradient: gradient, winners: winners.flatMap { $0 }, winnerStride: 2, into: out)
    #expect(out.lists == [[0, 2], [65, 128], [16, 32]])
  }

  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func equalsItsDefinition(seed: UInt64) {
    var draws = Draws(seed)
    let rows = draws.matrix(20, awkwardWidths[Int(seed) * 2], padding: 3)
    let lists = (0..<30).map { _ in (0..<draws.index(below: 9)).map { _ in UInt32(draws.index(below: 20)) } }
    let (values, winners) = aggregate(lists, rows)
    for (destination, list) in lists.enumerated() {
      let expected = MaxAggregation.reference(list, rows: rows.doubles, columns: rows.columns)
      #expect(values[destination].map(Double.init) == expected.values && winners[destination] == expected.winners)
    }
  }
}
