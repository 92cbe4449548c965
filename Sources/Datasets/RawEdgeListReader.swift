public import Graphs
import Tensors

/// Reads text files of edges: a pair of node ids on each line, `.gz` or `.zst` or plain.
///
/// Fields are separated by blanks, tabs or a comma, and may be quoted; line ends are LF or CRLF; lines that begin with `#` or
/// `%` are comments; one line of column names before the first edge is skipped. Ids count from 0 without gaps, so that they
/// index features and labels.
public enum RawEdgeListReader {
  /// Reads the file at `path` as directed edges, in the order of the file.
  ///
  /// Memory: 8 bytes for each edge, one bit for each node, and some pieces of text.
  ///
  /// - Parameter nodeCount: Number of nodes; without it, the largest id decides and every smaller one must occur.
  /// - Throws: `InputError` with file and line when the file is not what is described above.
  public static func read(_ path: String, nodeCount: Int? = nil, context: IngestContext = IngestContext()) throws -> RawGraph {
    if let nodeCount, nodeCount < 1 || nodeCount > Int(UInt32.max) {
      throw InputError("--nodes", expected: "1 to \(UInt32.max) nodes", found: "\(nodeCount)")
    }
    let list = try readEdges(path, idLimit: nodeCount.map { UInt32($0) }, context: context)
    if list.edges.count == 0 && nodeCount == nil { throw InputError(path, expected: "at least one edge", found: "none") }
    let count = nodeCount ?? Int(list.largestID) + 1
    if nodeCount == nil { try checkGaps(list.edges, nodeCount: count, path: path) }
    return RawGraph(name: stem(of: path), schema: .plain, nodes: [NodeData(count: count)], edges: [list.edges])
  }

  /// Reads edges without looking for gaps.
  ///
  /// - Parameter idLimit: Ids must be below; 2³² − 1 without it.
  static func readEdges(_ path: String, idLimit: UInt32?, context: IngestContext) throws -> (edges: EdgeList, largestID: UInt32) {
    var sources = BlockAccumulator()
    var destinations = BlockAccumulator()
    var largest: UInt32 = 0
    let limit = idLimit ?? UInt32.max
    var isFileStart = true
    var sawHeader = false
    try TextPipeline<EdgeChunk>(path: path, context: context).run(
      prologue: { text in
        if sawHeader { return (0, 0) }
        let (bytes, lines, header) = skipPrologue(text, isFileStart: isFileStart)
        isFileStart = false
        sawHeader = header != nil
        if let header { context.notice("\(path): the first line is taken for a header: \(header)") }
        return (bytes, lines)
      },
      parse: { (text, chunk: EdgeChunk) throws(LineError) in try chunk.parse(text, idLimit: limit) },
      consume: { chunk in
        sources.append(chunk.sources.readOnly)
        destinations.append(chunk.destinations.readOnly)
        largest = max(largest, chunk.largestID)
      })
    return (EdgeList(sources: sources.take().view, destinations: destinations.take().view), largest)
  }

  /// Finds what stands before the first edge: a byte order mark, comments, blank lines and one header line.
  private static func skipPrologue(
    _ text: UnsafeRawBufferPointer, isFileStart: Bool
  ) -> (bytes: Int, lines: Int, header: String?) {
    var position = isFileStart && text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var lines = 0
    while position < text.count {
      let end = text[position...].firstIndex(of: 0x0A)!
      let line = UnsafeRawBufferPointer(rebasing: text[position..<end])
      if EdgeLine.isSkipped(line) {
        position = end + 1
        lines += 1
        continue
      }
      if EdgeLine.isHeader(line) { return (end + 1, lines + 1, TextField(bytes: line).shown) }
      return (position, lines, nil)
    }
    return (position, lines, nil)
  }

  /// Checks that every id below `nodeCount` is an end of some edge.
  private static func checkGaps(_ edges: EdgeList, nodeCount: Int, path: String) throws {
    // An edge has two ends: with more ids than that there is a gap, and no need for memory of their number.
    let scanned = min(nodeCount, 2 * edges.count)
    let seen = Buffer<UInt64>(count: scanned / 64 + 1)
    let words = seen.pointer
    for ends in [edges.sources, edges.destinations] {
      for id in ends.elements where id < scanned { words[Int(id >> 6)] |= 1 << UInt64(id & 63) }
    }
    guard let missing = (0..<scanned).first(where: { words[$0 >> 6] >> UInt64($0 & 63) & 1 == 0 }) ?? (scanned < nodeCount ? scanned : nil)
    else { return }
    throw InputError(
      path, expected: "every node id from 0 to \(nodeCount - 1) in some edge, or the number of nodes by --nodes N",
      found: "no edge with node \(missing)")
  }

  /// `data/edges.tsv.gz` → `edges`.
  static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? ""
    return String(name.split(separator: ".").first ?? name)
  }
}
