public import Graphs
import Tensors

/// Reads text files of edges, one on each line, `.gz` or `.zst` or plain.
///
/// Fields are separated by commas, semicolons, tabs or blanks, and may be quoted; line ends are LF or CRLF; lines that begin with
/// `#` or `%` are comments; one line of column names before the first edge is skipped. Where the format names no column, lines are
/// pairs of whole numbers and nothing else, and may differ in their separators; else every line has as many fields as the first.
public enum RawEdgeListReader {
  /// Reads the file at `path` as directed edges, in the order of the file.
  ///
  /// Memory: 8 bytes for each edge, 4 more with weights, one bit for each node, and some pieces of text; with compact ids the table
  /// of `IngestContext` as well, and 4 bytes for each node that does not fit it.
  ///
  /// - Parameter nodeCount: Number of nodes; without it, the largest id decides and every smaller one must occur.
  /// - Throws: `InputError` with file and line when the file is not what is described above; `SystemError` when temporary files
  ///   cannot be written.
  public static func read(
    _ path: String, nodeCount: Int? = nil, format: EdgeListFormat = EdgeListFormat(), context: IngestContext = IngestContext()
  ) throws -> RawGraph {
    try read(files: [path], place: path, nodeCount: nodeCount, format: format, context: context)
  }

  /// Reads several files as one list, one after the other.
  ///
  /// - Parameter place: What holds them, for its name and for errors of the whole.
  static func read(
    files: [String], place: String, nodeCount: Int?, format: EdgeListFormat, context: IngestContext
  ) throws -> RawGraph {
    var collector = try EdgeCollector(format, nodeCount: nodeCount, context: context)
    for path in files {
      let head = EdgeListHead(path: path, format: format)
      if format.isPairs {
        try readPairs(path, head, into: &collector, context: context)
      } else {
        try readTable(path, head, format, into: &collector, context: context)
      }
    }
    return try collector.finish(name: stem(of: place), place: place)
  }

  private static func readPairs(_ path: String, _ head: EdgeListHead, into collector: inout EdgeCollector, context: IngestContext) throws {
    let limit = collector.idLimit
    try TextPipeline<EdgeChunk>(path: path, context: context).run(
      prologue: { try prologue($0, head, context) },
      parse: { (text, chunk: EdgeChunk) throws(LineError) in try chunk.parse(text, idLimit: limit) },
      consume: { chunk in
        try collector.append(sources: chunk.sources.readOnly, destinations: chunk.destinations.readOnly, largestID: chunk.largestID)
      })
  }

  private static func readTable(
    _ path: String, _ head: EdgeListHead, _ format: EdgeListFormat, into collector: inout EdgeCollector, context: IngestContext
  ) throws {
    let limit = collector.idLimit
    try TextPipeline<EdgeTableChunk>(path: path, context: context).run(
      prologue: { try prologue($0, head, context) },
      parse: { (text, chunk: EdgeTableChunk) throws(LineError) in
        guard let layout = head.layout else { preconditionFailure("the layout is known before anything is parsed") }
        try chunk.parse(text, layout, ids: format.ids, idLimit: limit)
      },
      consume: { chunk in
        switch format.ids {
        case .dense:
          try collector.append(sources: chunk.sources.readOnly, destinations: chunk.destinations.readOnly, largestID: chunk.largestID)
        case .compact:
          try collector.append(
            keys: chunk.keys.readOnly, longNames: chunk.longNames.readOnly, longNameEnds: chunk.longNameEnds.readOnly)
        }
        try collector.append(weights: chunk.weights.readOnly)
        try collector.append(features: chunk.features.readOnly)
      })
  }

  /// Skips the head of a file, with a notice of what the first line was taken for.
  private static func prologue(
    _ text: UnsafeRawBufferPointer, _ head: EdgeListHead, _ context: IngestContext
  ) throws -> (bytes: Int, lines: Int) {
    let before = head.notice
    let skipped = try head.read(text)
    if let notice = head.notice, before == nil { context.notice(notice) }
    return skipped
  }

  /// `data/edges.tsv.gz` → `edges`.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return String(name.split(separator: ".").first ?? name)
  }
}
