import Kernels
import Tensors
import Testing

@Suite struct GatherTests {
  @Test(arguments: awkwardWidths)
  func rowsAreCopiedFromWhereTheyLie(width: Int) {
    var draws = Draws(UInt64(width))
    let x = draws.matrix(20, width)
    let scattered = ScatteredRows(x)
    let scales = draws.floats(20)
    for source in [RowSource(x), RowSource(scattered.rows, segments: SegmentTable())] {
      let (plain, scaled) = (MatrixView(zeros: 9, width, stride: width + 1), MatrixView(zeros: 9, width))
      Gather.copy(from: 8, of: source, into: plain)
      Gather.copy(from: 8, of: source, scales: scales, into: scaled)
      #expect(plain.lists == Array(x.lists[8..<17]))
      #expect(scaled.lists == (8..<17).map { row in x.lists[row].map { $0 * scales[row] } })
    }
  }
}
