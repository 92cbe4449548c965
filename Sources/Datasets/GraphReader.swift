public import Graphs
import Tensors

/// Reads a graph from whatever the user names.
public enum GraphReader {
  /// Reads `path`, then transforms its edges.
  ///
  /// A directory with a manifest is a dataset, one with a `metadata.json` one of DGL's chunked graphs; any other directory a list of edges in several files, taken by name. Files are
  /// told apart by their names: `*.graph` is METIS's format, `*.mtx` the Matrix Market's, `*.npy` and `*.npz` arrays of edges,
  /// anything else text; all but the arrays may be `.gz` or `.zst`. What the transforms did comes as notices.
  ///
  /// - Parameters:
  ///   - nodeCount: Number of nodes, for a list of edges whose ids have gaps.
  ///   - format: How lists of edges are to be understood; of other formats only weights can be asked for.
  /// - Throws: `InputError` with file and line, `SystemError` where a file cannot be opened.
  public static func read(
    _ path: String, nodeCount: Int? = nil, format: EdgeListFormat = EdgeListFormat(), transforms: EdgeTransforms = EdgeTransforms(),
    context: IngestContext = IngestContext()
  ) throws -> RawGraph {
    let file = try GraphFile(path)
    try IngestEstimate.checkReading(file, format, path: path, context: context)
    if let column = format.features.first {
      guard case .text = file else {
        throw InputError("--feature-columns", expected: "no columns, for \(path) is no list of edges in text", found: "'\(column.text)'")
      }
    }
    var graph: RawGraph
    switch file {
    case .text(let files):
      graph = try RawEdgeListReader.read(files: files, place: path, nodeCount: nodeCount, format: format, context: context)
    case .arrays(let files):
      graph = try EdgeArrayReader.read(files: files, place: path, nodeCount: nodeCount, format: format, context: context)
    case .metis, .matrix, .dataset, .chunked:
      try refuse(format, nodeCount: nodeCount, path: path)
      graph = try readWhole(file, weighted: format.weight != nil, context: context)
    }
    try IngestEstimate.check(transforms, of: graph, context: context)
    transforms.applyNoticing(to: &graph, context: context)
    return graph
  }

  private static func readWhole(_ file: GraphFile, weighted: Bool, context: IngestContext) throws -> RawGraph {
    switch file {
    case .metis(let path): return try METISGraphReader.read(path, weighted: weighted, context: context)
    case .matrix(let path): return try MatrixMarketReader.read(path, weighted: weighted, context: context)
    case .dataset(let path):
      if weighted { throw InputError("--weight-column", expected: "no column, for a dataset keeps its own weights", found: "one") }
      return try DatasetReader.open(path, context: context)
    case .chunked(let path):
      if weighted { throw InputError("--weight-column", expected: "no column, for \(path) is a chunked graph", found: "one") }
      return try ChunkedGraphReader.read(path, context: context)
    case .text, .arrays: preconditionFailure("a list of edges is no whole graph")
    }
  }

  /// Formats that number their nodes take none of what is said of lists.
  private static func refuse(_ format: EdgeListFormat, nodeCount: Int?, path: String) throws {
    if nodeCount != nil { throw InputError("--nodes", expected: "no number of nodes, for \(path) states its own", found: "one") }
    if format.ids != .dense { throw InputError("--ids", expected: "dense, for \(path) numbers its nodes", found: format.ids.rawValue) }
    if let column = format.source ?? format.destination {
      throw InputError("--source-column, --destination-column", expected: "no column, for \(path) has none", found: "'\(column.text)'")
    }
    if let weight = format.weight, weight.text != "weight", weight.position != 2 {
      throw InputError(
        "--weight-column", expected: "weight, the only column of \(path) besides the ends of edges", found: "'\(weight.text)'")
    }
  }
}
