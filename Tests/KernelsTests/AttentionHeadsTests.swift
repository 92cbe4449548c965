import Kernels
import Tensors
import Testing

@Suite struct AttentionHeadsTests {
  @Test func literalHeads() {
    let heads = AttentionHeads(count: 2, width: 2)
    let x = MatrixView([[1, 2, 3, 4], [5, 6, 7, 8]])
    let scores = MatrixView(zeros: 2, 2)
    heads.dots(x, vectors: [1, 10, 100, 1000], into: scores)
    #expect(scores.lists == [[21, 4300], [65, 8700]])
    heads.dots(x, MatrixView([[1, 1, 0, 2], [0, 1, 1, 0]]), into: scores)
    #expect(scores.lists == [[3, 8], [6, 7]])
    let rows = MatrixView(zeros: 2, 4)
    heads.products(scores, vectors: [1, 2, 3, 4], into: rows)
    #expect(rows.lists == [[3, 6, 24, 32], [6, 12, 21, 28]])
    heads.products(scores, vectors: [1, 0, 0, 1], into: rows, accumulating: true)
    #expect(rows.lists == [[6, 6, 24, 40], [12, 12, 21, 35]])
    var sums: [Float] = [100, 0, 0, 0]
    heads.add(scores, times: x, to: &sums)
    #expect(sums == [133, 42, 73, 88])
  }

  @Test(arguments: awkwardWidths, [1, 3])
  func everyInstructionSetFollowsTheDefinition(width: Int, count: Int) {
    let heads = AttentionHeads(count: count, width: width)
    var draws = Draws(UInt64(width * 8 + count))
    let (x, y, factors) = (draws.matrix(9, heads.columns, padding: 3), draws.matrix(9, heads.columns), draws.matrix(9, count, padding: 2))
    let vectors = draws.floats(heads.columns)
    var expected: [[[Float]]]?
    for instructions in InstructionSet.available {
      let (dots, scores, rows) = (MatrixView(zeros: 9, count), MatrixView(zeros: 9, count), MatrixView(zeros: 9, heads.columns))
      var sums = [Float](repeating: 0, count: heads.columns)
      heads.dots(x, y, into: dots, instructions: instructions)
      heads.dots(x, vectors: vectors, into: scores, instructions: instructions)
      heads.products(factors, vectors: vectors, into: rows, instructions: instructions)
      heads.add(factors, times: x, to: &sums, instructions: instructions)
      let found = [dots.lists, scores.lists, rows.lists, [sums]]
      #expect(expected == nil || found == expected, "\(instructions)")
      expected = found
      for row in 0..<9 {
        for column in 0..<heads.columns { #expect(rows[row, column] == factors[row, column / width] * vectors[column]) }
        for head in 0..<count {
          let columns = head * width..<(head + 1) * width
          let dot = columns.reduce(0.0) { $0 + Double(x[row, $1]) * Double(y[row, $1]) }
          let score = columns.reduce(0.0) { $0 + Double(x[row, $1]) * Double(vectors[$1]) }
          let bound = tolerance(terms: width, magnitude: Double(width))
          #expect(abs(Double(dots[row, head]) - dot) <= bound && abs(Double(scores[row, head]) - score) <= bound)
        }
      }
      for column in 0..<heads.columns {
        let sum = (0..<9).reduce(0.0) { $0 + Double(factors[$1, column / width]) * Double(x[$1, column]) }
        #expect(abs(Double(sums[column]) - sum) <= tolerance(terms: 9, magnitude: 9))
      }
    }
  }
}
