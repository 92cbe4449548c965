public import Tensors

/// Edges grouped by source: what a block's backward pass gathers along, so that no two threads add to one row.
///
/// A stable counting sort by source; the edges of one source stay in the order of their destinations, so the result is unique
/// and sums along it have the same bits however it was made. Filled again every step; keeps its memory. O(edges + sources).
public final class TransposedEdges: Sendable {
  /// Row offsets, shape (sources + 1).
  public let indptr = GrowingBuffer<UInt32>()
  /// Destination of each edge, shape (edges).
  public let destinations = GrowingBuffer<UInt32>()
  /// Factor of each edge, shape (edges); empty when the edges have none.
  public let weights = GrowingBuffer<Float>()
  /// Number of each edge before the sort, shape (edges); empty when not asked for.
  public let numbers = GrowingBuffer<UInt32>()
  /// First free place of every source, for each run of destinations.
  private let cursors = GrowingBuffer<UInt32>()

  public init() {}

  /// Edges by source, with the weights carried along.
  ///
  /// - Parameter scales: Factor of each destination, for the backward pass of a mean; `nil`: 1.
  public func neighborhood(scales: UnsafePointer<Float>? = nil) -> Neighborhood {
    Neighborhood(
      destinationCount: max(0, indptr.count - 1), indptr: indptr.pointer, sources: destinations.pointer,
      weights: weights.count > 0 ? UnsafePointer(weights.pointer) : nil, scales: scales)
  }

  /// Sorts the edges of `edges`, whose `begin` and `end` are one list of row offsets.
  ///
  /// - Parameters:
  ///   - edgeCount: Number of edges; offsets end there.
  ///   - sourceCount: One more than the largest source may be.
  ///   - weighted: Whether to carry `edges.weights`.
  ///   - numbered: Whether to carry the numbers of the edges.
  public func fill(
    _ edges: Neighborhood, edgeCount: Int, sourceCount: Int, weighted: Bool = false, numbered: Bool = false, threads: Threads
  ) {
    indptr.resize(to: sourceCount + 1)
    destinations.resize(to: edgeCount)
    weights.resize(to: weighted ? edgeCount : 0)
    numbers.resize(to: numbered ? edgeCount : 0)
    // A run per thread: a stable sort has one result, so the number of runs may follow the threads.
    let runs = edgeCount < 32_768 ? 1 : min(threads.count, 8)
    cursors.resize(to: runs * sourceCount)
    let length = max(1, (edges.destinationCount + runs - 1) / runs)
    let cursors = cursors
    threads.forEach(runs) { run in
      let counts = cursors.pointer + run * sourceCount
      counts.update(repeating: 0, count: sourceCount)
      let range = min(run * length, edges.destinationCount)..<min((run + 1) * length, edges.destinationCount)
      guard !range.isEmpty else { return }
      for edge in Int(edges.begin[range.lowerBound])..<Int(edges.end[range.upperBound - 1]) {
        counts[Int(edges.sources[edge])] &+= 1
      }
    }
    placeRuns(runs, sourceCount: sourceCount)
    threads.forEach(runs) { run in
      let range = min(run * length, edges.destinationCount)..<min((run + 1) * length, edges.destinationCount)
      self.scatter(range, of: edges, cursors: cursors.pointer + run * sourceCount, weighted: weighted, numbered: numbered)
    }
  }

  /// Turns the counts of each run into the places where its edges go.
  private func placeRuns(_ runs: Int, sourceCount: Int) {
    let indptr = indptr.pointer
    let cursors = cursors.pointer
    var total: UInt32 = 0
    for source in 0..<sourceCount {
      indptr[source] = total
      for run in 0..<runs {
        let place = run &* sourceCount &+ source
        let count = cursors[place]
        cursors[place] = total
        total &+= count
      }
    }
    indptr[sourceCount] = total
    precondition(Int(total) == destinations.count, "\(total) edges, \(destinations.count) announced")
  }

  private func scatter(
    _ range: Range<Int>, of edges: Neighborhood, cursors: UnsafeMutablePointer<UInt32>, weighted: Bool, numbered: Bool
  ) {
    let destinations = destinations.pointer
    for destination in range {
      for edge in Int(edges.begin[destination])..<Int(edges.end[destination]) {
        let source = Int(edges.sources[edge])
        let place = Int(cursors[source])
        cursors[source] &+= 1
        destinations[place] = UInt32(truncatingIfNeeded: destination)
        if weighted { weights.pointer[place] = edges.weights.unsafelyUnwrapped[edge] }
        if numbered { numbers.pointer[place] = UInt32(truncatingIfNeeded: edge) }
      }
    }
  }

  /// The definition: for each source in turn, the destinations of its edges in order.
  package static func reference(_ sources: [[UInt32]], sourceCount: Int) -> [[UInt32]] {
    (0..<sourceCount).map { source in
      sources.indices.flatMap { destination in
        sources[destination].filter { $0 == source }.map { _ in UInt32(destination) }
      }
    }
  }
}
