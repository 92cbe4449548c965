public import Tensors

/// A neighbourhood whose edges are grouped by slices of its sources, so that the rows of one slice stay in a fast memory while all
/// destinations that need them pass by: a last-level cache, or a bank of processing-in-memory. Made once for a graph and kept.
///
/// ```
/// slice 0: sources 0 ..< b₁      entry (destination, its edges from slice 0), by destination
/// slice 1: sources b₁ ..< b₂     entry (destination, its edges from slice 1), by destination
/// ```
/// A destination without edges from a slice has no entry there. An output is the sum of its entries' sums, slices in order, each entry's
/// edges in their order in the neighbourhood. The bounds of the slices decide the order of sums and hence the bits: they depend on
/// the number of sources and slices alone. O(edges) memory beside the neighbourhood.
public final class SourceTiling: Sendable {
  public let destinationCount: Int
  /// First source of each slice, and one past the last.
  public let bounds: [Int]
  /// First entry of each slice, and one past the last.
  private let sliceEntries: [Int]
  /// Destination of each entry, and where its edges begin; edges of the last entry end at the last offset.
  private let destinations: Buffer<UInt32>
  private let offsets: Buffer<UInt32>
  private let sources: Buffer<UInt32>
  /// In-edges of each destination, which a mean divides by.
  private let degrees: Buffer<UInt32>

  /// Groups the edges of `edges`, which have no weights, into `slices` slices of equally many sources.
  public init(_ edges: Neighborhood, sourceCount: Int, slices: Int) {
    precondition(edges.weights == nil && edges.scales == nil, "edges without factors of their own")
    precondition(slices >= 1 && sourceCount <= Int(UInt32.max), "\(slices) slices of \(sourceCount) sources")
    let length = Self.sliceLength(sourceCount: sourceCount, slices: slices)
    bounds = (0...slices).map { min(sourceCount, $0 * length) }
    destinationCount = edges.destinationCount
    degrees = Buffer(count: edges.destinationCount)
    let slice = SliceNumber(length: length)
    var entryCounts = [Int](repeating: 0, count: slices)
    var edgeCounts = [Int](repeating: 0, count: slices)
    var newest = [Int](repeating: -1, count: slices)
    for destination in 0..<edges.destinationCount {
      degrees.pointer[destination] = edges.end[destination] - edges.begin[destination]
      for edge in edges.begin[destination]..<edges.end[destination] {
        let number = slice.of(edges.sources[Int(edge)])
        edgeCounts[number] += 1
        if newest[number] != destination { (newest[number], entryCounts[number]) = (destination, entryCounts[number] + 1) }
      }
    }
    sliceEntries = entryCounts.reduce(into: [0]) { $0.append($0.last! + $1) }
    var nextEdge = edgeCounts.reduce(into: [0]) { $0.append($0.last! + $1) }
    var nextEntry = sliceEntries
    destinations = Buffer(count: sliceEntries[slices])
    offsets = Buffer(count: sliceEntries[slices] + 1)
    sources = Buffer(count: nextEdge[slices])
    offsets.pointer[sliceEntries[slices]] = UInt32(nextEdge[slices])
    newest = [Int](repeating: -1, count: slices)
    for destination in 0..<edges.destinationCount {
      for edge in edges.begin[destination]..<edges.end[destination] {
        let source = edges.sources[Int(edge)]
        let number = slice.of(source)
        if newest[number] != destination {
          newest[number] = destination
          destinations.pointer[nextEntry[number]] = UInt32(destination)
          offsets.pointer[nextEntry[number]] = UInt32(nextEdge[number])
          nextEntry[number] += 1
        }
        sources.pointer[nextEdge[number]] = source
        nextEdge[number] += 1
      }
    }
  }

  /// Sources of a slice; the last has what is left.
  public static func sliceLength(sourceCount: Int, slices: Int) -> Int { max(1, (sourceCount + slices - 1) / slices) }

  /// The entries of slice `slice`: destinations, increasing, and the edges of each from the slice. Valid while the tiling lives.
  public func entries(of slice: Int) -> (destinations: UnsafeBufferPointer<UInt32>, edges: Neighborhood) {
    let range = sliceEntries[slice]..<sliceEntries[slice + 1]
    let edges = Neighborhood(destinationCount: range.count, indptr: offsets.pointer + range.lowerBound, sources: sources.pointer)
    return (UnsafeBufferPointer(start: destinations.pointer + range.lowerBound, count: range.count), edges)
  }

  /// Entries of all slices: how often an output row is read and written.
  public var entryCount: Int { destinations.count }

  public var edgeCount: Int { sources.count }

  /// Row reads that a fully associative memory of `capacityRows` rows misses which forgets the row unused for longest.
  ///
  /// The rows it holds are the distinct ones of a window that ends at the current edge; a row is in the window when it was last read
  /// there. O(edges).
  package func misses(capacityRows: Int) -> Int {
    let last = Buffer<Int32>(count: bounds[bounds.count - 1])
    last.elements.update(repeating: -1)
    precondition(sources.count < Int(Int32.max), "\(sources.count) edges")
    var (first, held, misses) = (0, 0, 0)
    for edge in 0..<sources.count {
      let source = Int(sources.pointer[edge])
      if last.pointer[source] < first {
        misses += 1
        held += 1
      }
      last.pointer[source] = Int32(edge)
      while held > capacityRows {
        if Int(last.pointer[Int(sources.pointer[first])]) == first { held -= 1 }
        first += 1
      }
    }
    return misses
  }

  /// Sums or means of the rows of every destination's sources; rows without edges become zeros.
  ///
  /// - Parameters:
  ///   - rows: One for each source.
  ///   - scales: Factor of each source row; `nil`: 1.
  ///   - out: Shape (destinations, columns of `rows`); overwritten.
  public func aggregate(
    rows: RowSource, scales: UnsafePointer<Float>? = nil, _ reduction: Aggregation.Reduction, into out: MatrixView, threads: Threads
  ) {
    precondition(out.rows == destinationCount && out.columns == rows.columns, "\(out.rows) × \(out.columns) rows for \(destinationCount)")
    threads.forEachChunk(of: out.rows, by: Tiles.height) { out.rows($0).clear() }
    let entries = Neighborhood(
      destinationCount: destinations.count, indptr: offsets.pointer, sources: sources.pointer, scales: scales)
    for slice in 0..<bounds.count - 1 {
      let first = sliceEntries[slice]
      threads.forEachChunk(of: sliceEntries[slice + 1] - first, by: Tiles.height) { range in
        self.add(first + range.lowerBound..<first + range.upperBound, of: entries, rows, to: out)
      }
    }
    guard reduction == .mean else { return }
    threads.forEachChunk(of: out.rows, by: Tiles.height) { range in
      for row in range where self.degrees.pointer[row] > 0 {
        Elements.scale(out.row(row), by: 1 / Float(self.degrees.pointer[row]), into: out.row(row), count: out.columns)
      }
    }
  }

  /// Adds the sums of some entries of one slice, which have different destinations, to their outputs.
  private func add(_ range: Range<Int>, of entries: Neighborhood, _ rows: RowSource, to out: MatrixView) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count * out.columns) { memory in
      guard let base = memory.baseAddress else { return }
      let tile = MatrixView(base: base, rows: range.count, columns: out.columns, stride: out.columns)
      Aggregation.aggregate(range, of: entries, rows: rows, .sum, into: tile)
      for (index, entry) in range.enumerated() {
        Elements.add(tile.row(index), to: out.row(Int(destinations.pointer[entry])), count: out.columns)
      }
    }
  }
}

/// The slice that a source belongs to.
struct SliceNumber {
  let length: Int

  @inline(__always)
  func of(_ source: UInt32) -> Int { Int(source) / length }
}
