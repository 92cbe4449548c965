import Kernels
import Tensors
import Testing

/// Attention over shared rows against attention over the same rows written out for every head, which is tested against float64.
@Suite struct InputAttentionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var heads: Int
    var columns: Int
    var selfLoops: Bool
    var dropout: Float
    var seed: UInt64
    var testDescription: String { "\(heads) heads of \(columns) columns, self loops \(selfLoops), dropout \(dropout)" }
  }

  static let cases: [Case] = [(1, 1), (3, 5), (4, 16), (2, 47), (4, 100), (2, 130)].enumerated().flatMap { index, shape in
    [(false, 0), (true, 0), (true, 0.4), (false, 0.6)].map { selfLoops, dropout in
      Case(heads: shape.0, columns: shape.1, selfLoops: selfLoops, dropout: Float(dropout), seed: UInt64(index))
    }
  }

  /// What both passes give.
  struct Result: Equatable {
    var out: [[Float]]
    var coefficients: [Float]
    var source: [Float]
    var destination: [Float]
  }

  /// The case with its rows written out for every head.
  private func spread(_ test: Case) -> (attention: AttentionCase, x: MatrixView) {
    var attention = AttentionCase(
      .gat, heads: AttentionHeads(count: test.heads, width: test.columns), destinations: 6, sources: 9, longest: 7,
      selfLoops: test.selfLoops, dropout: test.dropout, seed: test.seed)
    var draws = Draws(test.seed + 100)
    let x = draws.matrix(9, test.columns, padding: 3)
    attention.rows = MatrixView(x.lists.map { row in (0..<test.heads).flatMap { _ in row } })
    return (attention, x)
  }

  private func run(
    _ attention: AttentionCase, _ source: RowSource, factors: [Float]? = nil, tile: Int = 100, _ instructions: InstructionSet = .detected
  ) -> Result {
    let (heads, columns) = (attention.heads.count, attention.heads.width)
    let vectors = attention.vectors.map { keep(Buffer(copying: $0)) }
    let factors = factors.map { keep(Buffer(copying: $0)) }
    let ids = keep(Buffer(copying: attention.ids))
    let rows = InputAttention.Rows(
      source, factors: factors.map { UnsafePointer($0.pointer) }, firstDestination: 0, sourceVectors: vectors[0].pointer,
      destinationVectors: vectors[1].pointer)
    let slots = attention.attention.slotCount(edgeCount: attention.edges.count)
    let coefficients = keep(Buffer<Float>(count: slots * heads))
    let sums = (keep(Buffer<Float>(count: heads * columns)), keep(Buffer<Float>(count: heads * columns)))
    let out = MatrixView(zeros: attention.destinations, heads * columns, stride: heads * columns + 2)
    for low in stride(from: 0, to: attention.destinations, by: tile) {
      let range = low..<min(attention.destinations, low + tile)
      InputAttention.forward(
        range, of: attention.attention, heads: heads, rows: rows, dropout: attention.dropout.map { AttentionDropout($0, ids: ids.pointer) },
        coefficients: coefficients.pointer, into: out.rows(range), instructions: instructions)
    }
    for low in stride(from: 0, to: attention.destinations, by: tile) {
      let range = low..<min(attention.destinations, low + tile)
      InputAttention.backward(
        range, of: attention.attention, heads: heads, rows: rows, coefficients: coefficients.pointer,
        scale: attention.dropout?.scale ?? 1, out: out.rows(range), gradient: attention.gradient.rows(range),
        addingTo: sums.0.pointer, and: sums.1.pointer, instructions: instructions)
    }
    return Result(
      out: out.lists, coefficients: Array(coefficients.elements), source: Array(sums.0.elements), destination: Array(sums.1.elements))
  }

  @Test(arguments: cases)
  func equalsAttentionOverRowsOfEveryHead(test: Case) {
    let (attention, x) = spread(test)
    let expected = attention.run()
    let found = run(attention, RowSource(x))
    // The same sums in the same order.
    #expect(found.out == expected.out && found.coefficients == expected.coefficients)
    // Here by destination, there by source: sums of at most 49 terms below 10.
    for (vectors, sums) in zip(expected.vectors, [found.source, found.destination]) {
      for (expected, sum) in zip(vectors, sums) { #expect(abs(expected - sum) <= 1e-4, "\(expected), found \(sum)") }
    }
  }

  @Test(arguments: cases)
  func instructionsAndTilesKeepTheBits(test: Case) {
    let (attention, x) = spread(test)
    let expected = run(attention, RowSource(x), .portable)
    for instructions in InstructionSet.available { #expect(run(attention, RowSource(x), instructions) == expected) }
    #expect(run(attention, RowSource(x), tile: 2) == expected)
    let scattered = ScatteredRows(x)
    #expect(run(attention, RowSource(scattered.rows, segments: SegmentTable())) == expected)
  }

  /// Factors that are powers of two give the bits of rows that were multiplied beforehand.
  @Test func factorsMultiplyRows() {
    let (attention, x) = spread(Case(heads: 3, columns: 20, selfLoops: true, dropout: 0.3, seed: 7))
    let factors: [Float] = [1, 2, 0.5, 4, 0.25, 1, 8, 2, 0.5]
    let scaled = MatrixView(zip(x.lists, factors).map { row, factor in row.map { $0 * factor } })
    let (found, expected) = (run(attention, RowSource(x), factors: factors), run(attention, RowSource(scaled)))
    #expect(found == expected)
    #expect(found.source.contains { $0 != 0 } && found.destination.contains { $0 != 0 })
  }
}
