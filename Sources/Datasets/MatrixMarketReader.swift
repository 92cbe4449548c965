public import Graphs
import Synchronization
import Tensors

/// Reads sparse square matrices in the coordinate format of the Matrix Market, `.mtx`, also compressed: entry (i, j) is an edge from
/// row i to column j.
///
/// ```
/// %%MatrixMarket matrix coordinate real|integer|pattern general|symmetric
/// % comments
/// rows columns entries
/// row column [value]        one line per entry, from 1
/// ```
/// A symmetric file holds the entries on and below the diagonal; each of those below gives the edge and, after it, its reverse.
///
/// Boisvert, Pozo, Remington, "The Matrix Market exchange formats", NISTIR 5935, 1996.
public enum MatrixMarketReader {
  /// Reads the file at `path`; nodes are as many as rows.
  ///
  /// - Parameter weighted: Keeps the values as weights of the edges, 1 where the file has none; else they are checked and left out,
  ///   with a notice.
  /// - Throws: `InputError` with file and line when the file does not hold what its head says.
  public static func read(_ path: String, weighted: Bool = false, context: IngestContext = IngestContext()) throws -> RawGraph {
    let head = MatrixHead(path: path)
    let sources = Accumulator<UInt32>()
    let destinations = Accumulator<UInt32>()
    let weights = Accumulator<Float>()
    var entries = 0
    try TextPipeline<MatrixChunk>(path: path, context: context).run(
      prologue: { try head.read($0) },
      parse: { (text, chunk: MatrixChunk) throws(LineError) in
        guard let layout = head.layout else { preconditionFailure("the head is read before anything is parsed") }
        try chunk.parse(text, layout)
      },
      consume: { chunk in
        entries += chunk.entryCount
        sources.append(chunk.sources.readOnly)
        destinations.append(chunk.destinations.readOnly)
        if weighted { weights.append(chunk.weights.readOnly) }
      })
    guard let layout = head.layout else { throw InputError(path, expected: "a line 'rows columns entries'", found: "the end of the file") }
    guard entries == layout.entries else {
      throw InputError(path, expected: "\(layout.entries) entries as the head says", found: "\(entries)")
    }
    if layout.hasValues && !weighted { context.notice("\(path): values are left out; --weight-column weight keeps them") }
    let edges = EdgeList(
      sources: sources.view, destinations: destinations.view, weights: weighted ? weights.view : nil)
    return RawGraph(
      name: RawEdgeListReader.stem(of: path), schema: .plain, nodes: [NodeData(count: layout.rows)], edges: [edges])
  }
}

/// The lines before the first entry.
private final class MatrixHead: Sendable {
  private struct State {
    var linesBefore = 0
    var banner: MatrixLayout?
    var layout: MatrixLayout?
  }

  private let path: String
  private let state = Mutex(State())

  init(path: String) { self.path = path }

  /// `nil` before the sizes were read.
  var layout: MatrixLayout? { state.withLock { $0.layout } }

  /// Reads the head's lines in a piece; returns what of it they take.
  func read(_ text: UnsafeRawBufferPointer) throws -> (bytes: Int, lines: Int) {
    try state.withLock { state in
      var (position, lines) = (0, 0)
      while position < text.count, state.layout == nil {
        var end = position
        while text[end] != 0x0A { end += 1 }
        let line = TextField(bytes: UnsafeRawBufferPointer(rebasing: text[position..<end]))
        (position, lines) = (end + 1, lines + 1)
        let number = state.linesBefore + lines
        if let banner = state.banner {
          if !EdgeLine.isSkipped(line.bytes) { state.layout = try sizes(line, banner, number: number) }
        } else {
          state.banner = try banner(line)
        }
      }
      state.linesBefore += lines
      return (position, lines)
    }
  }

  private func banner(_ line: TextField) throws -> MatrixLayout {
    let words = TextField.split(line.bytes).map { String(decoding: $0.bytes, as: UTF8.self).lowercased() }
    guard words.count == 5, words[0] == "%%matrixmarket", words[1] == "matrix", words[2] == "coordinate",
      ["real", "integer", "pattern"].contains(words[3]), ["general", "symmetric"].contains(words[4])
    else {
      throw InputError(
        path, line: 1, expected: "'%%MatrixMarket matrix coordinate' with real, integer or pattern, then general or symmetric",
        found: line.shown)
    }
    return MatrixLayout(hasValues: words[3] != "pattern", isSymmetric: words[4] == "symmetric")
  }

  private func sizes(_ line: TextField, _ banner: MatrixLayout, number: Int) throws -> MatrixLayout {
    func fail(_ expected: String, _ found: String) -> InputError { InputError(path, line: number, expected: expected, found: found) }
    let fields = TextField.split(line.bytes)
    guard fields.count == 3, case .value(let rows) = fields[0].integer, case .value(let columns) = fields[1].integer,
      case .value(let entries) = fields[2].integer, entries >= 0
    else { throw fail("a line 'rows columns entries'", line.shown) }
    guard rows == columns else {
      throw fail("a square matrix, for its rows and columns are the nodes", "\(rows) rows and \(columns) columns")
    }
    guard rows >= 1, rows < Int64(UInt32.max) else { throw fail("1 to \(UInt32.max - 1) rows", "\(rows)") }
    var layout = banner
    (layout.rows, layout.entries) = (Int(rows), Int(entries))
    return layout
  }
}
