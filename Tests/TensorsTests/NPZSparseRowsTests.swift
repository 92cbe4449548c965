import Tensors
import Testing

@Suite struct NPZSparseRowsTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func matrix(
    format: String = "csr", shape: [Int64] = [3, 5], indptr: [Int32] = [0, 2, 2, 4], indices: [Int32] = [0, 4, 1, 2],
    data: [Float] = [2, 1, 3, 4.5]
  ) throws -> SparseRows {
    let text = Array(format.utf8)
    let entries = [
      ("indices.npy", NPZFixtures.npy("<i4", "(\(indices.count),)", indices)),
      ("indptr.npy", NPZFixtures.npy("<i4", "(\(indptr.count),)", indptr)),
      ("format.npy", NPZFixtures.npy("|S\(text.count)", "()", text)),
      ("shape.npy", NPZFixtures.npy("<i8", "(\(shape.count),)", shape)),
      ("data.npy", NPZFixtures.npy("<f4", "(\(data.count),)", data)),
    ]
    return try SparseRows(NPZArchive(mapping: try folder.file("m.npz", NPZFixtures.zip(entries))))
  }

  private func failure(_ body: @autoclosure () throws -> SparseRows) -> String {
    let error = #expect(throws: InputError.self) { try body() }
    return String(error?.description.dropFirst(folder.path.count + 1) ?? "none")
  }

  @Test func matrixThatSciPyWroteIsReadWithSortedRows() throws {
    let rows = try SparseRows(NPZArchive(mapping: try folder.file("scipy.npz", NPZFixtures.sparse)))
    #expect(rows.rows == 3 && rows.columns == 5)
    #expect(Array(rows.indptr) == [0, 2, 2, 4])
    #expect(Array(rows.indices) == [0, 4, 1, 2])
    #expect(Array(rows.values) == [2, 1, 3, 4.5])
  }

  @Test func matrixWithoutEntriesOrRowsIsRead() throws {
    #expect(try matrix(indptr: [0, 0, 0, 0], indices: [], data: []).values.count == 0)
    #expect(try matrix(shape: [0, 0], indptr: [0], indices: [], data: []).rows == 0)
  }

  @Test func everyPartIsChecked() throws {
    #expect(failure(try matrix(format: "coo")) == "m.npz: expected a sparse matrix in csr format, found 'coo'")
    #expect(failure(try matrix(shape: [3])) == "m.npz(shape.npy): expected rows and at most 4294967295 columns, found [3]")
    #expect(failure(try matrix(shape: [2, 5])) == "m.npz(indptr.npy): expected 3 row bounds, found 4")
    #expect(failure(try matrix(indptr: [0, 2, 2, 5])) == "m.npz(indptr.npy): expected row bounds from 0 to 4, found 0 to 5")
    #expect(failure(try matrix(indptr: [1, 2, 2, 4])) == "m.npz(indptr.npy): expected row bounds from 0 to 4, found 1 to 4")
    #expect(
      failure(try matrix(indptr: [0, 3, 2, 4]))
        == "m.npz(indptr.npy): expected row bounds that do not decrease, found 3, then 2 after row 1")
    #expect(failure(try matrix(shape: [3, 4])) == "m.npz(indices.npy): expected columns from 0 to 3, found 4 at position 1")
    #expect(failure(try matrix(indices: [0, -1, 1, 2])) == "m.npz(indices.npy): expected columns from 0 to 4, found -1 at position 1")
    #expect(
      failure(try matrix(indices: [0, 4, 2, 2])) == "m.npz(indices.npy): expected each column once in a row, found column 2 twice in row 2")
    #expect(failure(try matrix(data: [1, 2, 3])) == "m.npz(data.npy): expected 4 values, one for each index, found 3")
  }
}
