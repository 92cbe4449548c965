extension SparseRows {
  /// Reads a matrix that `scipy.sparse.save_npz` wrote in compressed sparse row form.
  ///
  /// Columns of a row that are not in order are sorted. Values of any number type become float32.
  ///
  /// - Throws: `InputError` when an array is missing, the format is not `csr`, a length does not fit the shape, a column is
  ///   outside it, or a row names a column twice.
  public init(_ archive: NPZArchive) throws {
    let format = try archive.text("format")
    guard format == "csr" else { throw InputError(archive.path, expected: "a sparse matrix in csr format", found: "'\(format)'") }
    let shapeArray = try archive.array("shape")
    let shape = try shapeArray.copyIntegers()
    guard shape.count == 2, shape[0] >= 0, shape[0] < Int64.max, shape[1] >= 0, shape[1] <= Int64(UInt32.max) else {
      throw InputError(shapeArray.path, expected: "rows and at most \(UInt32.max) columns", found: "\(Array(shape.elements))")
    }
    let indptrArray = try archive.array("indptr")
    let indicesArray = try archive.array("indices")
    let dataArray = try archive.array("data")
    let indptr = try indptrArray.copyIntegers()
    let wide = try indicesArray.copyIntegers()
    let values = dataArray.copyFloats()
    let columns = Int(shape[1])
    guard values.count == wide.count else {
      throw InputError(dataArray.path, expected: "\(wide.count) values, one for each index", found: "\(values.count)")
    }
    try Self.check(indptr, rows: Int(shape[0]), entries: wide.count, place: indptrArray.path)
    let indices = Buffer<UInt32>(count: wide.count)
    for (position, column) in wide.elements.enumerated() {
      guard column >= 0 && column < columns else {
        throw InputError(indicesArray.path, expected: "columns from 0 to \(columns - 1)", found: "\(column) at position \(position)")
      }
      indices.pointer[position] = UInt32(truncatingIfNeeded: column)
    }
    try Self.sortRows(indptr, indices, values, place: indicesArray.path)
    self.init(rows: Int(shape[0]), columns: columns, indptr: indptr.view, indices: indices.view, values: values.view)
  }

  private static func check(_ indptr: Buffer<Int64>, rows: Int, entries: Int, place: String) throws {
    guard indptr.count == rows + 1 else {
      throw InputError(place, expected: "\(rows + 1) row bounds", found: "\(indptr.count)")
    }
    guard indptr[0] == 0, indptr[rows] == entries else {
      throw InputError(place, expected: "row bounds from 0 to \(entries)", found: "\(indptr[0]) to \(indptr[rows])")
    }
    for row in 0..<rows where indptr[row + 1] < indptr[row] {
      throw InputError(
        place, expected: "row bounds that do not decrease", found: "\(indptr[row]), then \(indptr[row + 1]) after row \(row)")
    }
  }

  private static func sortRows(
    _ indptr: Buffer<Int64>, _ indices: Buffer<UInt32>, _ values: Buffer<Float>, place: String
  ) throws {
    for row in 0..<indptr.count - 1 {
      let range = Int(indptr.pointer[row])..<Int(indptr.pointer[row + 1])
      if !isIncreasing(indices, range) {
        let entries = range.map { (column: indices[$0], value: values[$0]) }.sorted { $0.column < $1.column }
        for (position, entry) in zip(range, entries) {
          indices[position] = entry.column
          values[position] = entry.value
        }
        if let repeated = range.dropFirst().first(where: { indices[$0] == indices[$0 - 1] }) {
          throw InputError(place, expected: "each column once in a row", found: "column \(indices[repeated]) twice in row \(row)")
        }
      }
    }
  }

  private static func isIncreasing(_ indices: Buffer<UInt32>, _ range: Range<Int>) -> Bool {
    for position in range.dropFirst() where indices.pointer[position - 1] >= indices.pointer[position] { return false }
    return true
  }
}
