public import Kernels
public import Tensors

/// How many edges every destination has from every slice of the sources: what the cost of an aggregation follows from.
public struct PIMDegrees: Sendable {
  public let rowCount: Int
  public let sourceCount: Int
  public let edgeCount: Int
  /// Largest number of edges of a destination.
  public let largest: Int
  private let makeSlice: @Sendable (_ number: Int, _ count: Int) -> SliceEdges

  /// The degrees of a graph, and of its slices as `SourceTiling` cuts them.
  ///
  /// - Parameter edges: Kept by the caller while this is used.
  public init(_ edges: Neighborhood, sourceCount: Int) { self.init(SourceTilings(edges, sourceCount: sourceCount)) }

  /// The degrees of a graph, and of its slices as `tilings` has them.
  public init(_ tilings: SourceTilings) {
    let edges = tilings.edges
    rowCount = edges.destinationCount
    sourceCount = tilings.sourceCount
    let counts = (0..<edges.destinationCount).map { Int(edges.end[$0]) - Int(edges.begin[$0]) }
    edgeCount = counts.reduce(0, +)
    largest = counts.max() ?? 0
    makeSlice = { number, count in SliceEdges(tilings[count], slice: number) }
  }

  /// A graph of which the degrees alone are known: the edges of a destination come from all slices alike, and those left over from
  /// slices drawn by `seed`.
  ///
  /// - Parameter degrees: Edges of each destination.
  public init(_ degrees: ArrayView<UInt32>, sourceCount: Int, seed: UInt64 = 1) {
    rowCount = degrees.count
    self.sourceCount = sourceCount
    edgeCount = degrees.reduce(0) { $0 + Int($1) }
    largest = Int(degrees.max() ?? 0)
    makeSlice = { number, count in
      let length = SourceTiling.sliceLength(sourceCount: sourceCount, slices: count)
      let sources = min(sourceCount, (number + 1) * length) - min(sourceCount, number * length)
      return SliceEdges(rowCount: degrees.count, sourceCount: sources) { row in
        let (each, rest) = (degrees.pointer[row] / UInt32(count), Int(degrees.pointer[row]) % count)
        let turn = Int(mix64(seed &+ UInt64(row)) % UInt64(count))
        return each + ((number + turn) % count < rest ? 1 : 0)
      }
    }
  }

  /// Slice `number` of `count`. O(rows).
  package func slice(_ number: Int, of count: Int) -> SliceEdges { makeSlice(number, count) }
}

extension SliceEdges {
  /// A slice of a tiling, with the destinations that have no edges from it.
  convenience init(_ tiling: SourceTiling, slice: Int) {
    let entries = tiling.entries(of: slice)
    var next = 0
    self.init(rowCount: tiling.destinationCount, sourceCount: tiling.bounds[slice + 1] - tiling.bounds[slice]) { row in
      guard next < entries.destinations.count, Int(entries.destinations[next]) == row else { return 0 }
      defer { next += 1 }
      return entries.edges.end[next] - entries.edges.begin[next]
    }
  }
}
