import Kernels
import Tensors
import Testing

@Suite struct InputRowsTests {
  @Test func aSegmentKeepsItsTableAlive() {
    weak var memory: Buffer<Float>?
    var segment: RowSegment?
    do {
      let floats = Buffer<Float>(copying: [1, 2, 3, 4, 5, 6])
      memory = floats
      segment = RowSegment(DenseRows(floats: floats, rows: 2, columns: 3))
    }
    #expect(memory != nil)
    #expect(segment?.strideBytes == 12)
    #expect(segment?.rows == 2)
    #expect(segment?.base.loadUnaligned(fromByteOffset: 16, as: Float.self) == 5)
    segment = nil
    #expect(memory == nil)
  }

  @Test func rowsAreCountedByTheirReferences() {
    let references = [RowReference(segment: 0, row: 1), RowReference(segment: 0, row: 1)]
    let table = SparseRows(
      rows: 2, columns: 9, indptr: ArrayView([0, 1, 3]), indices: ArrayView([4, 0, 8]), values: ArrayView([1, 2, 3]))
    references.withUnsafeBufferPointer { pointer in
      let rows = InputRows(segments: .sparse([SparseSegment(table)]), references: pointer, columns: 9)
      #expect(rows.count == 2)
      #expect(rows.segments.count == 1)
      guard case .sparse(let segments) = rows.segments else { return }
      #expect(segments[0].rows == 2)
    }
  }
}
