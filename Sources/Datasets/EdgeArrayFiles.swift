import Tensors

/// Finds edges in files of arrays.
///
/// ```
/// edges.npy                      whole numbers (2, edges) or (edges, 2), rows or columns being sources and destinations
/// sources.npy,destinations.npy[,weights.npy]         whole numbers (edges), written with a comma between them
/// edges.npz                      one of: edges or edge_index as above; sources and destinations; src and dst; row and col
/// ```
struct EdgeArrayFiles {
  var format: EdgeListFormat
  var notice: (String) -> Void

  private static let pairs = [("sources", "destinations"), ("src", "dst"), ("row", "col"), ("row", "column")]
  private static let matrices = ["edges", "edge_index"]

  /// Maps what `path` names: one file, or several with commas between them.
  ///
  /// - Throws: `SystemError` when a file cannot be mapped, `InputError` when there are no edges in it.
  func open(_ path: String) throws -> EdgeArrays {
    if path.hasSuffix(".npz") { return try archive(path) }
    let paths = path.split(separator: ",").map(String.init)
    if paths.count == 1 { return try matrix(NPYArray(mapping: path, anyOrder: true)) }
    try refuseColumns(path)
    let weights = paths.count > 2 ? try NPYArray(mapping: paths[2]) : nil
    if (weights != nil) != (format.weight != nil) {
      throw InputError(
        "--weight-column", expected: weights == nil ? "a third file of weights" : "weight, to keep those of \(paths[2])",
        found: format.weight.map { "'\($0.text)'" } ?? "nothing")
    }
    return try EdgeArrays(
      sources: list(NPYArray(mapping: paths[0])), destinations: list(NPYArray(mapping: paths[1])), weights: weights)
  }

  /// Whether `path` names two or three arrays with commas between them.
  static func isPair(_ path: String) -> Bool {
    let parts = path.split(separator: ",", omittingEmptySubsequences: false)
    return (2...3).contains(parts.count) && parts.allSatisfy { $0.hasSuffix(".npy") }
  }

  private func archive(_ path: String) throws -> EdgeArrays {
    let archive = try NPZArchive(mapping: path)
    func weights() throws -> NPYArray? {
      guard let weight = format.weight else { return nil }
      guard archive.names.contains(weight.text) else {
        throw InputError(
          "--weight-column", expected: "an array of \(path) (\(archive.names.joined(separator: ", ")))", found: "'\(weight.text)'")
      }
      return try archive.array(weight.text)
    }
    var pair = Self.pairs.first { archive.names.contains($0.0) && archive.names.contains($0.1) }
    if let source = format.source, let destination = format.destination, source.position == nil, destination.position == nil {
      pair = (source.text, destination.text)
    } else if let name = Self.matrices.first(where: archive.names.contains) {
      return try matrix(archive.array(name), weights: weights())
    }
    guard let pair else {
      throw InputError(
        path, expected: "arrays edges or edge_index, sources and destinations, src and dst, or row and col",
        found: archive.names.isEmpty ? "no array" : archive.names.joined(separator: ", "))
    }
    return try EdgeArrays(sources: list(archive.array(pair.0)), destinations: list(archive.array(pair.1)), weights: weights())
  }

  private func list(_ array: NPYArray) throws -> IDArray {
    guard array.shape.count == 1 else { throw InputError(array.path, expected: "ids of shape (edges)", found: "shape \(array.shape)") }
    return try IDArray(array, count: array.shape[0])
  }

  private func matrix(_ array: NPYArray, weights: NPYArray? = nil) throws -> EdgeArrays {
    guard array.shape.count == 2, array.shape.contains(2) else {
      throw InputError(array.path, expected: "edges of shape (2, edges) or (edges, 2)", found: "shape \(array.shape)")
    }
    if format.weight != nil && weights == nil {
      throw InputError("--weight-column", expected: "no weights, for \(array.path) has none", found: "'\(format.weight?.text ?? "")'")
    }
    let hasRows = array.shape[0] == 2
    if array.shape == [2, 2] { notice("\(array.path): shape (2, 2) is taken for (2, edges)") }
    let count = hasRows ? array.shape[1] : array.shape[0]
    func line(_ column: EdgeListFormat.Column?, _ option: String, standard: Int) throws -> IDArray {
      guard let position = column == nil ? standard : column?.position, position < 2 else {
        throw InputError(option, expected: "0 or 1 for \(array.path)", found: "'\(column?.text ?? "")'")
      }
      return try hasRows
        ? IDArray(array, first: position * count, count: count) : IDArray(array, first: position, stride: 2, count: count)
    }
    return try EdgeArrays(
      sources: line(format.source, "--source-column", standard: 0),
      destinations: line(format.destination, "--destination-column", standard: 1), weights: weights)
  }

  private func refuseColumns(_ path: String) throws {
    guard let column = format.source ?? format.destination else { return }
    throw InputError(
      "--source-column, --destination-column", expected: "no column, for \(path) says which is which", found: "'\(column.text)'")
  }
}
