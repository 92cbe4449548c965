import Tensors

/// Reads the targets of nodes from a CSV table with a header: one column holds node ids, another the targets.
struct TargetTableReader {
  /// Name of the column of node ids; `id`, else the first, where `nil`.
  var idColumn: String?
  /// Name of the column of targets; the last where `nil`.
  var labelColumn: String?

  /// Reads the file at `path`; rows may come in any order, and a node without row has an unknown target.
  ///
  /// - Parameter nodeCount: How many nodes there are; where `nil`, as many as rows.
  /// - Throws: `InputError` with file and line when the table is damaged, a column is missing, or an id is none or comes twice.
  func read(_ path: String, nodeCount: Int?, context: IngestContext) throws -> NodeLabels {
    var reader = CSVReader(try WholeFile.read(path), path: path)
    guard let header = try reader.next() else { throw InputError(path, expected: "a line of column names", found: "an empty file") }
    let idPosition = try position(of: idColumn, "--id-column", in: header, path: path) ?? header.firstIndex(of: "id") ?? 0
    let labelPosition = try position(of: labelColumn, "--label-column", in: header, path: path) ?? header.count - 1
    if labelColumn == nil {
      context.notice("\(path): the targets are column '\(header[labelPosition])'; --label-column NAME takes another")
    }
    var rows: [(id: Int, label: String, line: Int)] = []
    while let record = try reader.next() {
      guard record.count == header.count else {
        throw InputError(path, line: reader.recordLine, expected: "\(header.count) fields as in the header", found: "\(record.count)")
      }
      guard let id = Int(record[idPosition]), id >= 0 else {
        throw InputError(
          path, line: reader.recordLine, expected: "a node id in column '\(header[idPosition])'", found: "'\(record[idPosition])'")
      }
      rows.append((id, record[labelPosition], reader.recordLine))
    }
    return try targets(rows, nodeCount: nodeCount ?? rows.count, path: path)
  }

  private func position(of column: String?, _ option: String, in header: [String], path: String) throws -> Int? {
    guard let column else { return nil }
    guard let position = header.firstIndex(of: column) else {
      throw InputError(option, expected: "a column of \(path) (\(header.joined(separator: ", ")))", found: "'\(column)'")
    }
    return position
  }

  private func targets(_ rows: [(id: Int, label: String, line: Int)], nodeCount: Int, path: String) throws -> NodeLabels {
    var labels = [String](repeating: "", count: nodeCount)
    var lines = [Int](repeating: 0, count: nodeCount)
    for (id, label, line) in rows {
      guard id < nodeCount else { throw InputError(path, line: line, expected: "node ids below \(nodeCount)", found: "\(id)") }
      guard lines[id] == 0 else {
        throw InputError(path, line: line, expected: "each node once", found: "node \(id), which is on line \(lines[id]) as well")
      }
      labels[id] = label
      lines[id] = line
    }
    return try NodeLabels(labels) { node, expected in
      InputError(path, line: lines[node], expected: expected, found: "'\(labels[node])'")
    }
  }
}
