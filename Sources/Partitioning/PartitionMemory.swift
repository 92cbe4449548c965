public import Graphs
import Partitions
public import Tensors

/// What a partition takes in memory, counted from the arrays that live at the same time, and how it stays below a limit.
///
/// `n` nodes, `m` edges, `a = 2m` entries in the rows of neighbours, `C` constraints, `k` parts, `t` threads, `d` most neighbours of a node or
/// cluster; bytes. Rows hold 4 bytes an entry; 8 where neighbours are merged and weighted, which graphs of 2²⁸ entries and more leave out
/// (`Adjacency`).
/// ```
/// multilevel                 a node        an entry   else
/// rows are sorted            22            4          a copy of 8 at most where they are merged
/// clusters of the finest     27 + 12C      4 or 8     84·d·t in hash tables; coarser levels: 8 an arc
/// METIS on the coarsest      38 + 8C       4 or 8     coarser levels; METIS: 48 an arc that it sees
/// finest is refined          61 + 4C + 4k  4 or 8     no coarser level any more; 4k up to n·k = 2²⁸ only; the hash tables
/// streaming                  86 + 4C       –          the buffer; graphs that fit it are repaired at last: 12 an entry more
/// edges are weighed          56 + 16L      8, then 12 4L + 36 for each relation and destination
/// reads are expected         44            –          16 for each relation and destination, 24 a seed, 4 a replica
/// edges are sorted, written  36            –          8m, 8 for each halo node, 24 for each node of a split
/// … with replicas            44 + 8.2k     –          36 a replica, 16 for each node near enough; 12t a node, 40t for several hops
/// ```
/// `L` sampled layers: under the objective `bytes` rows keep 8 bytes an entry, of which 4 are always in memory.
/// Under a limit the rows, the coarser levels and the sorted edges lie in files as far as they do not fit; the parts are the same. Pages of
/// mapped files are not counted: the system takes them back when memory is short. What METIS takes for a whole graph, 200 bytes an edge on
/// R-MAT, was measured and has no leaner way.
public struct PartitionMemory: Sendable {
  /// Where the edges are sorted (`PartitionWriter.write`).
  public private(set) var edges = ArrayStorage.memory
  /// Predicted peak, bytes.
  public private(set) var peak: PartitionForecast.Span
  /// Most bytes that temporary files take.
  public private(set) var scratch = 0
  /// Where the rows of neighbours lie.
  private(set) var rows = ArrayStorage.memory
  private(set) var room = Hierarchy.Room()
  private(set) var streamingBuffer: Int
  private let counts: Counts

  /// Plans a partition of `graph`.
  ///
  /// - Throws: `InputError` when the options do not fit the graph, or `options.memory` is less than the leanest way takes.
  /// - Complexity: O(edges + nodes) time, 4 bytes a node.
  public init(_ graph: RawGraph, _ options: PartitionOptions, threads: Threads) throws {
    counts = try Counts(graph, options, threads: threads)
    streamingBuffer = options.streamingBuffer
    let writing = counts.writing(sorted: 8 * counts.edges)
    let rest = max(writing, counts.expecting)
    peak = PartitionForecast.Span(
      low: Double(max(counts.least(streamingBuffer), rest)), high: Double(max(counts.most(streamingBuffer), rest)))
    guard let limit = options.memory else { return }
    try keep(below: limit, options, name: graph.name)
    peak.high = min(peak.high, Double(limit))
    peak.low = min(peak.low, peak.high)
  }

  /// Passes over the edges that put arrays into files piece by piece.
  var passes: Int {
    func pieces(_ storage: ArrayStorage, _ bytes: Int) -> Int {
      if case .files(_, let buffer) = storage { (bytes + buffer - 1) / buffer } else { 0 }
    }
    let streamed = counts.isStreaming ? ArrayStorage.files(in: "", bufferBytes: streamingBuffer) : .memory
    return pieces(edges, 8 * counts.edges) + pieces(rows, counts.repeatedRows) + pieces(streamed, counts.repeatedRows)
  }

  private mutating func keep(below limit: Int, _ options: PartitionOptions, name: String) throws {
    let folder = options.scratchDirectory
    /// Memory for pieces of an array that goes to a file, within what is free; `nil` where that is too little.
    func buffer(_ bytes: Int, free: Int) -> ArrayStorage? {
      free >= Self.smallestBuffer(bytes) ? .files(in: folder, bufferBytes: min(free, 1 << 30)) : nil
    }
    /// Memory for pieces of rows: they stay where they fit into `kept`; else they are made in most of what is free then, in two pieces at
    /// least, since each is a pass over the edges.
    func pieces(of rows: Int, kept: Int, making: Int) -> Int {
      let bytes = kept >= rows ? kept : max(min(kept, rows / 2), min(making / 4 * 3, rows / 2))
      return max(1 << 20, min(bytes, 1 << 30))
    }
    let sorted = 8 * counts.edges
    var leanest = max(counts.writing(sorted: Self.smallestBuffer(sorted)), counts.expecting)
    if counts.writing(sorted: sorted) > limit {
      edges = buffer(sorted, free: limit - counts.writing(sorted: 0)) ?? edges
      scratch = sorted
    }
    switch options.method {
    case .multilevel:
      let bare = counts.multilevel(rows: 0, merging: 0, levels: 0)
      // Rows may lie in a file, but its pages have to stay in memory: they are read in any order, which no disk is fast enough for.
      leanest = max(leanest, bare + Self.smallestBuffer(counts.rows), counts.searching(rows: counts.rows))
      if counts.multilevel(rows: counts.rows, merging: counts.merging, levels: 0) <= limit {
        room.bytes = limit - counts.contracting(rows: counts.rows, levels: 0)
      } else {
        // Half of what is free keeps the rows if they fit; the other half is for the levels.
        let free = max(0, limit - bare)
        rows = .files(in: folder, bufferBytes: pieces(of: counts.repeatedRows, kept: free / 2, making: limit - counts.making))
        room.bytes = free / 2
        scratch = max(scratch, counts.merging)
      }
      room.overflow = .files(in: folder, bufferBytes: 1 << 20)
      if room.bytes < counts.mostLevels { scratch += counts.mostLevels }
    case .streaming:
      let bare = counts.streaming(rows: 0)
      leanest = max(leanest, bare + 2 * Self.smallestBuffer(counts.repeatedRows))
      guard counts.most(streamingBuffer) > limit else { break }
      // Graphs that fit the usual buffer are repaired at last and need their rows once more.
      let free = max(1, (limit - bare) / 2)
      streamingBuffer = min(streamingBuffer, pieces(of: counts.repeatedRows, kept: free, making: limit - counts.making))
      rows = .files(in: folder, bufferBytes: min(free, 1 << 30))
      scratch = max(scratch, counts.repeatedRows + (counts.repeatedRows <= options.streamingBuffer ? counts.merging : 0))
    case .metis, .refine: leanest = max(leanest, counts.most(streamingBuffer))
    case .random, .given: break
    }
    guard leanest <= limit else {
      let hint = options.method == .metis ? "; multilevel takes less" : options.method == .multilevel ? "; streaming takes less" : ""
      throw InputError(
        "--memory", expected: "at least \(Self.mebibytes(leanest)) to partition \(name) by \(options.method.name)\(hint)",
        found: Self.mebibytes(limit, roundingUp: false))
    }
  }

  /// An array that goes to a file is made in sixty-four pieces at most: every piece is a pass over the edges.
  private static func smallestBuffer(_ bytes: Int) -> Int { max(1 << 20, bytes / 64) }

  private static func mebibytes(_ bytes: Int, roundingUp: Bool = true) -> String {
    "\((bytes + (roundingUp ? (1 << 20) - 1 : 0)) >> 20)MiB"
  }
}
