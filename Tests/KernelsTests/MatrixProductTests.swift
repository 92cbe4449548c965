import Kernels
import Tensors
import Testing

@Suite struct MatrixProductTests {
  private func transposed(_ rows: [[Double]], columns: Int) -> [[Double]] { (0..<columns).map { c in rows.map { $0[c] } } }

  private func expectEqual(_ found: MatrixView, _ expected: [[Double]], terms: Int, _ comment: Comment) {
    for row in 0..<found.rows {
      for column in 0..<found.columns {
        #expect(abs(Double(found[row, column]) - expected[row][column]) <= tolerance(terms: terms, magnitude: Double(terms)), comment)
      }
    }
  }

  @Test func literalProducts() {
    let (a, b) = (MatrixView([[1, 2], [3, 4], [5, 6]]), MatrixView([[1, 0, 2], [0, 1, 3]]))
    let c = MatrixView(zeros: 3, 3)
    MatrixProduct.multiply(a, b, into: c)
    #expect(c.lists == [[1, 2, 8], [3, 4, 18], [5, 6, 28]])
    MatrixProduct.multiply(a, transposed: a, into: c, accumulating: true)
    #expect(c.lists == [[6, 13, 25], [14, 29, 57], [22, 45, 89]])
    let d = MatrixView(zeros: 2, 3)
    MatrixProduct.multiply(transposed: a, c, into: d)
    #expect(d.lists == [[158, 325, 641], [200, 412, 812]])
  }

  @Test(arguments: [(1, 1, 1), (5, 3, 7), (255, 16, 47), (600, 100, 33), (1030, 47, 8), (40, 602, 16)])
  func tiledProductsEqualTheReferenceAtAnyThreadCount(rows: Int, inner: Int, columns: Int) {
    var draws = Draws(UInt64(rows))
    let (a, b) = (draws.matrix(rows, inner, padding: 3), draws.matrix(inner, columns, padding: 1))
    let g = draws.matrix(rows, columns)
    let product = MatrixProduct.reference(a.doubles, b.doubles)
    let inputGradient = MatrixProduct.reference(g.doubles, transposed(b.doubles, columns: columns))
    let weightGradient = MatrixProduct.reference(transposed(a.doubles, columns: inner), g.doubles)
    var previous: [[[Float]]]?
    for threads in 1...3 {
      let (c, d, e) = (MatrixView(zeros: rows, columns), MatrixView(zeros: rows, inner), MatrixView(zeros: inner, columns))
      MatrixProduct.multiply(a, b, into: c, threads: Threads(threads))
      MatrixProduct.multiply(g, transposed: b, into: d, threads: Threads(threads))
      MatrixProduct.multiply(transposed: a, g, into: e, partials: LaneSums(), threads: Threads(threads))
      expectEqual(c, product, terms: inner, "a·b")
      expectEqual(d, inputGradient, terms: columns, "a·bᵀ")
      expectEqual(e, weightGradient, terms: rows, "aᵀ·b")
      let found = [c.lists, d.lists, e.lists]
      #expect(previous == nil || previous == found)
      previous = found
    }
  }

  @Test func emptySumsAreZeroAndEmptyMatricesAreFine() {
    let c = MatrixView([[1, 2], [3, 4]])
    MatrixProduct.multiply(MatrixView(zeros: 2, 0), MatrixView(zeros: 0, 2), into: c, accumulating: true)
    #expect(c.lists == [[1, 2], [3, 4]])
    MatrixProduct.multiply(
      transposed: MatrixView(zeros: 0, 2), MatrixView(zeros: 0, 2), into: c, partials: LaneSums(),
      threads: Threads(2))
    #expect(c.lists == [[0, 0], [0, 0]])
    MatrixProduct.multiply(MatrixView(zeros: 0, 2), c, into: MatrixView(zeros: 0, 2), threads: Threads(2))
  }
}
