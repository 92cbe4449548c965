import Graphs
import Partitions
import Tensors

/// Where the row of a node or edge lies, for one table: a flat copy of the partition book for the loop over all rows of a batch.
struct OwnerLookup: Sendable {
  /// What one part holds of the table.
  struct Place: BitwiseCopyable {
    /// Global id of row 0.
    var first: Int64
    var rows: Int64
    /// Part-local id of row 0.
    var firstLocal: UInt32
    /// Segment that holds the part's rows in this process's memory; negative when they must be pulled.
    var segment: Int32
  }

  let partCount: Int
  /// First global id of each part; padded with `Int64.max` to a power of two for a search without branches.
  private let starts: ArrayView<Int64>
  private let half: Int
  let places: ArrayView<Place>

  /// - Parameters:
  ///   - slot: The table's rows in the book: its node type, or its relation in a book of edges.
  ///   - segments: Segment of each part whose rows are in memory.
  init(book: PartitionBook, slot: Int, segments: [Int: Int]) {
    partCount = book.partCount
    var padded = 1
    while padded < book.partCount { padded *= 2 }
    var starts = [Int64](repeating: .max, count: padded)
    var places: [Place] = []
    for part in 0..<book.partCount {
      let inner = book.innerRange(of: part)
      let rows = book.innerRange(of: part, type: slot)
      starts[part] = inner.lowerBound
      places.append(
        Place(
          first: rows.lowerBound, rows: Int64(rows.count), firstLocal: UInt32(rows.lowerBound - inner.lowerBound),
          segment: Int32(segments[part] ?? -1)))
    }
    self.starts = ArrayView(starts)
    self.places = ArrayView(places)
    half = padded / 2
  }

  /// The part whose id range would hold `id`; part 0 for ids below all. O(log k).
  @inline(__always)
  func part(of id: Int64) -> Int {
    let starts = starts.pointer
    var part = 0
    var step = half
    while step > 0 {
      part = starts[part &+ step] <= id ? part &+ step : part
      step /= 2
    }
    return part
  }
}
