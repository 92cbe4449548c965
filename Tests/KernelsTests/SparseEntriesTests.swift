import Kernels
import Tensors
import Testing

@Suite struct SparseEntriesTests {
  /// Five rows in two segments: [0 2 0 6], [], [1 0 0 0], [0 0 5 5], [3 3 3 3].
  private let segments: [SparseSegment] = [
    SparseSegment(indptr: ArrayView([0, 1, 3]), indices: ArrayView([0, 1, 3]), values: ArrayView([1, 2, 6]), columns: 4),
    SparseSegment(
      indptr: ArrayView([0, 2, 6, 6]), indices: ArrayView([2, 3, 0, 1, 2, 3]), values: ArrayView([5, 5, 3, 3, 3, 3]), columns: 4),
  ]
  private let references = Buffer(copying: [
    RowReference(segment: 0, row: 1), RowReference(segment: 1, row: 2), RowReference(segment: 0, row: 0),
    RowReference(segment: 1, row: 0), RowReference(segment: 1, row: 1),
  ])
  private var input: InputRows {
    InputRows(segments: .sparse(segments), references: UnsafeBufferPointer(references.elements), columns: 4)
  }
  private let dense: [[Float]] = [[0, 2, 0, 6], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 5, 5], [3, 3, 3, 3]]

  private func expanded(_ entries: SparseEntries) -> [[Float]] {
    (0..<entries.indptr.count - 1).map { row in
      var values: [Float] = [0, 0, 0, 0]
      for entry in Int(entries.indptr[row])..<Int(entries.indptr[row + 1]) { values[Int(entries.columns[entry])] = entries.values[entry] }
      return values
    }
  }

  @Test func rowsAreCopiedThroughTheirReferences() {
    let entries = SparseEntries()
    entries.fill(input, 0..<5, normalise: false, threads: Threads(2))
    #expect(expanded(entries) == dense)
    #expect(entries.entryCount(below: 3) == 3)
    entries.fill(input, 2..<4, normalise: false, threads: Threads(1))
    #expect(expanded(entries) == Array(dense[2..<4]))
  }

  @Test func normalisedRowsSumToOneAndEmptyRowsStayEmpty() {
    let entries = SparseEntries()
    entries.fill(input, 0..<5, normalise: true, threads: Threads(1))
    #expect(expanded(entries) == [[0, 0.25, 0, 0.75], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0.5, 0.5], [0.25, 0.25, 0.25, 0.25]])
    let matrix = MatrixView([[1, 3], [0, 0], [2, -2], [0.5, 0]])
    let scales = keep(Buffer<Float>(count: 4))
    RowNormalisation.scales(of: RowSource(matrix), 0..<4, into: scales.pointer)
    #expect(Array(scales.elements) == [0.25, 0, 0, 2])
  }

  @Test func theFirstColumnsAreCopied() {
    let entries = SparseEntries()
    entries.fill(input, 0..<5, normalise: false, threads: Threads(1))
    let first = SparseEntries()
    for limit in [2, 0, 4, 3] {
      first.fill(entries, columnsBelow: limit)
      #expect(expanded(first) == dense.map { row in row.enumerated().map { $0 < limit ? $1 : 0 } })
      #expect(first.entryCount(below: 5) == first.columns.count && first.values.count == first.columns.count)
    }
  }

  /// 2·[1 0 0 0] − [0 0 5 5] + [0 2 0 6], then the rows divided by their sums.
  @Test func rowsAreSummedByColumn() {
    let sum = SparseRowSum(columns: 4)
    let (columns, values) = (GrowingBuffer<UInt32>(), GrowingBuffer<Float>())
    for (row, factor) in [(2, 2), (3, -1), (0, 1), (1, 9)] as [(Int, Float)] {
      sum.add(references[row], in: segments, times: factor, normalise: false)
    }
    sum.take(times: 0.5, shiftedBy: 10, columns: columns, values: values)
    #expect(Array(columns.readOnly) == [10, 11, 12, 13] && Array(values.readOnly) == [1, 1, -2.5, 0.5])
    sum.take(times: 1, shiftedBy: 0, columns: columns, values: values)
    #expect(columns.count == 4, "a sum without rows has no entries")
    for row in [0, 4] { sum.add(references[row], in: segments, times: 1, normalise: true) }
    sum.take(times: 4, shiftedBy: 0, columns: columns, values: values)
    #expect(Array(columns.readOnly.dropFirst(4)) == [0, 1, 2, 3] && Array(values.readOnly.dropFirst(4)) == [1, 2, 1, 4])
  }

  @Test func inputDropoutIsKeyedByIdAndColumn() {
    let dropout = Dropout(probability: 0.5, seed: 2, layer: 0, step: 1)
    let ids: [Int64] = [40, 7, 3, 1 << 35, 12]
    let entries = SparseEntries()
    entries.fill(input, 0..<5, normalise: false, dropout: dropout, ids: ids, threads: Threads(3))
    let expected = dense.indices.map { row in
      dense[row].indices.map { dropout.keeps(id: ids[row], column: $0) ? dense[row][$0] * 2 : 0 }
    }
    #expect(expanded(entries) == expected)
    #expect(expanded(entries) != dense)
  }

  @Test func productAndWeightGradientEqualTheDenseOnes() {
    var draws = Draws(4)
    let entries = SparseEntries()
    entries.fill(input, 0..<5, normalise: false, threads: Threads(1))
    let x = dense.map { $0.map(Double.init) }
    for width in awkwardWidths {
      let (weights, gradient) = (draws.matrix(4, width), draws.matrix(5, width))
      let product = MatrixView(zeros: 5, width)
      Aggregation.aggregate(entries.rows, rows: RowSource(weights), .sum, into: product, threads: Threads(1))
      let transposed = TransposedEdges()
      transposed.fill(entries.rows(below: 5), edgeCount: entries.entryCount(below: 5), sourceCount: 4, weighted: true, threads: Threads(1))
      let weightGradient = MatrixView(zeros: 4, width)
      Aggregation.aggregate(transposed.neighborhood(), rows: RowSource(gradient), .sum, into: weightGradient, threads: Threads(2))
      let expectedProduct = MatrixProduct.reference(x, weights.doubles)
      let columns = (0..<4).map { column in x.map { $0[column] } }
      let expectedGradient = MatrixProduct.reference(columns, gradient.doubles)
      for column in 0..<width {
        for row in 0..<5 {
          #expect(abs(Double(product[row, column]) - expectedProduct[row][column]) <= tolerance(terms: 4, magnitude: 12))
        }
        for row in 0..<4 {
          #expect(abs(Double(weightGradient[row, column]) - expectedGradient[row][column]) <= tolerance(terms: 5, magnitude: 20))
        }
      }
    }
  }
}
