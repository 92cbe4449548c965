import Graphs
import Tensors

extension Verifier {
  /// Rows of sparse tables are increasing columns; padding is zero; scales are finite and not negative.
  ///
  /// - Parameter file: Names a file of the table by what follows the table's name.
  func checkTable(_ table: FeatureTable, file: (String) -> String) {
    switch table {
    case .dense(let rows):
      checkPadding(rows, file: file(""))
      if rows.elementType == .int8 { checkScales(rows, file: file(".scale")) }
    case .sparse(let rows): checkSparse(rows, file: file)
    }
  }

  private func checkPadding(_ rows: DenseRows, file: String) {
    let width = rows.columns * rows.elementType.size
    // Of int8 rows, what lies before the scale and what lies after it.
    let scale = ElementType.scaleOffset(columns: rows.columns)
    let gaps = rows.elementType == .int8 ? [width..<scale, scale + 4..<rows.strideBytes] : [width..<rows.strideBytes]
    guard !gaps.allSatisfy(\.isEmpty) else { return }
    for row in 0..<rows.rows {
      let bytes = rows.bytes.pointer + row * rows.strideBytes
      let isZero = gaps.allSatisfy { gap in gap.allSatisfy { bytes[$0] == 0 } }
      log.demand(isZero, "padding is zero", file: file, row: row, "other bytes")
    }
  }

  /// The scales that rows carry, and those of the file beside them.
  private func checkScales(_ rows: DenseRows, file place: String) {
    guard let file = try? NPYArray(mapping: "\(directory)/\(place)"), let listed = try? file.elements(as: Float.self, shape: [rows.rows])
    else { return log.demand(false, "scales are readable", file: place, "no float32 of \(rows.rows) rows") }
    for row in 0..<rows.rows {
      let scale = rows.scale(of: row)
      log.demand(scale.isFinite && scale >= 0, "scales are finite and not negative", file: place, row: row, "\(scale)")
      log.demand(
        scale.bitPattern == listed[row].bitPattern, "scales are those of the rows", file: place, row: row,
        "\(listed[row]), the row carries \(scale)")
    }
  }

  private func checkSparse(_ rows: SparseRows, file: (String) -> String) {
    let (first, last) = (rows.indptr[0], rows.indptr[rows.rows])
    log.demand(
      first == 0 && last == Int64(rows.indices.count), "offsets span the values", file: file(".indptr"),
      "\(first) to \(last) for \(rows.indices.count)")
    for row in 0..<rows.rows {
      let (start, end) = (rows.indptr[row], rows.indptr[row + 1])
      guard start >= 0, start <= end, end <= Int64(rows.indices.count) else {
        log.demand(false, "offsets do not decrease", file: file(".indptr"), row: row + 1, "\(end) after \(start)")
        continue
      }
      for position in Int(start)..<Int(end) {
        let column = rows.indices[position]
        let increases = position == Int(start) || rows.indices[position - 1] < column
        log.demand(
          increases && Int(column) < rows.columns, "columns increase and exist", file: file(".indices"),
          row: position, "\(column) of \(rows.columns)")
      }
    }
  }
}
