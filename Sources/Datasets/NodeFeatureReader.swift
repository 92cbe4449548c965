import Tensors

/// Reads the features of all nodes, or edges, from one file: `.npz` (scipy CSR, or one dense matrix), `.npy`, or numbers in text.
enum NodeFeatureReader {
  static let suffixes = RawFolder.textSuffixes + [".npz", ".npy"]

  /// Float32 and float16 stay as they are stored, and a `.npy` stays mapped; other numbers become float32.
  ///
  /// - Parameter owner: What has a row each, `node` or `edge`, for errors.
  /// - Throws: `InputError` when the file is damaged, is no matrix, or holds a value that is not finite.
  static func read(_ path: String, of owner: String = "node", context: IngestContext) throws -> FeatureTable {
    if path.hasSuffix(".npy") { return try table(NPYArray(mapping: path), of: owner, context: context) }
    // Text is checked number by number, with its line.
    guard path.hasSuffix(".npz") else { return try .dense(readText(path, of: owner, context: context)) }
    let table = try readArchive(path, of: owner)
    try FiniteValues.check(table, place: path, threads: context.threads)
    return table
  }

  /// Takes a matrix, shape (nodes, features) or (edges, features).
  ///
  /// - Throws: `InputError` when it is none, or holds a value that is not finite.
  static func table(_ array: NPYArray, of owner: String = "node", context: IngestContext) throws -> FeatureTable {
    let table = try dense(array, of: owner)
    try FiniteValues.check(table, place: array.path, threads: context.threads)
    return table
  }

  private static func readArchive(_ path: String, of owner: String) throws -> FeatureTable {
    let archive = try NPZArchive(mapping: path)
    if archive.names.contains("indptr") { return try .sparse(SparseRows(archive)) }
    let matrices = try archive.names.map { try archive.array($0) }.filter { $0.shape.count == 2 }
    guard matrices.count == 1 else {
      throw InputError(
        path, expected: "a scipy CSR matrix or one dense matrix",
        found: "\(matrices.count) matrices in \(archive.names.joined(separator: ", "))")
    }
    return try dense(matrices[0], of: owner)
  }

  private static func dense(_ array: NPYArray, of owner: String) throws -> FeatureTable {
    guard array.shape.count == 2, array.shape[1] > 0 else {
      throw InputError(array.path, expected: "a matrix of shape (\(owner)s, features)", found: "shape \(array.shape)")
    }
    let (rows, columns) = (array.shape[0], array.shape[1])
    guard array.elementType == .float32 || array.elementType == .float16 else {
      return .dense(DenseRows(floats: array.copyFloats(), rows: rows, columns: columns))
    }
    return .dense(
      DenseRows(
        rows: rows, columns: columns, strideBytes: columns * array.elementType.size, elementType: array.elementType, bytes: array.bytes))
  }

  private static func readText(_ path: String, of owner: String, context: IngestContext) throws -> DenseRows {
    let values = GrowingBuffer<Float>()
    var width: Int?
    var rows = 0
    try TextPipeline<FloatLines>(path: path, context: context, longestLine: 1 << 26).run(
      parse: { (text, lines: FloatLines) throws(LineError) in try lines.parse(text) },
      consume: { lines in
        if let width, lines.width != width {
          throw InputError(path, line: rows + 1, expected: "\(width) features as on the line before", found: "\(lines.width)")
        }
        width = lines.width
        rows += lines.lineCount
        values.append(contentsOf: lines.values.readOnly)
      })
    guard let width else { throw InputError(path, expected: "a line of features for each \(owner)", found: "an empty file") }
    return DenseRows(floats: Buffer(copying: values.readOnly), rows: rows, columns: width)
  }
}
