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
  public init(_ edges: Neighborhood, sourceCount: Int) {
    rowCount = edges.destinationCount
    self.sourceCount = sourceCount
    let counts = (0..<edges.destinationCount).map { Int(edges.end[$0]) - Int(edges.begin[$0]) }
    edgeCount = counts.reduce(0, +)
    largest = counts.max() ?? 0
    let tilings = Tilings(edges.withoutFactors, sourceCount: sourceCount)
    makeSlice = { number, count in tilings.slice(number, of: count) }
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

/// The slices of one graph, made when they are asked for.
private final class Tilings: Sendable {
  private let edges: Neighborhood
  private let sourceCount: Int
  private let made = Cache<Int, SourceTiling>()

  init(_ edges: Neighborhood, sourceCount: Int) {
    self.edges = edges
    self.sourceCount = sourceCount
  }

  func slice(_ number: Int, of count: Int) -> SliceEdges {
    let tiling = made.value(count) { SourceTiling(edges, sourceCount: sourceCount, slices: count) }
    return SliceEdges(tiling, slice: number)
  }
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
