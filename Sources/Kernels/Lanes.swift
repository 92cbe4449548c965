public import Tensors

/// The unit of work over rows.
public enum Tiles {
  /// Rows of a tile; the last tile of a matrix may have less. One tile of every matrix a layer touches fits the L2 cache at
  /// widths up to 512, and OpenBLAS reaches its rate from 128 rows on (measured: 95–102 GFLOP/s for heights from 128 to 8192).
  public static let height = 256
}

/// The cut of a sum over many rows into runs that different threads may add up; it depends on the number of rows alone.
///
/// Lanes have whole tiles, all the same number of them but the last, and at least two: a lane keeps a copy of the sum.
public struct Lanes: Sendable, Equatable {
  /// More lanes than this would cost more memory than a machine has threads to use them.
  static let limit = 32
  static let smallest = 2 * Tiles.height

  public let rows: Int
  /// Rows of a lane, except the last.
  public let length: Int

  public init(rows: Int) {
    self.rows = rows
    let share = (rows + Self.limit - 1) / Self.limit
    length = max(Self.smallest, (share + Tiles.height - 1) / Tiles.height * Tiles.height)
  }

  /// Number of lanes; zero without rows.
  public var count: Int { (rows + length - 1) / length }

  /// Rows of a lane.
  public subscript(lane: Int) -> Range<Int> { lane * length..<min(rows, (lane + 1) * length) }

  /// Calls `body` for each tile of a lane, in order.
  public func forEachTile(of lane: Int, _ body: (Range<Int>) -> Void) {
    let range = self[lane]
    var low = range.lowerBound
    while low < range.upperBound {
      let high = min(low + Tiles.height, range.upperBound)
      body(low..<high)
      low = high
    }
  }
}

/// Sums over rows, each lane's apart and then added in lane order: the same bits for any number of threads.
///
/// Confined to one caller at a time.
public final class LaneSums: Sendable {
  private let partials = GrowingBuffer<Float>()

  public init() {}

  /// Overwrites `total` with the sum over all rows; zeros without rows.
  ///
  /// - Parameters:
  ///   - count: Elements of the sum.
  ///   - addTile: Called with the tile's rows, whether it is the first of its lane, and the lane's sum: the first tile
  ///     overwrites it, the others add to it.
  public func sum(
    _ lanes: Lanes, into total: UnsafeMutablePointer<Float>, count: Int, threads: Threads,
    _ addTile: @Sendable (_ rows: Range<Int>, _ isFirst: Bool, _ sum: UnsafeMutablePointer<Float>) -> Void
  ) {
    guard lanes.count > 0 else {
      total.update(repeating: 0, count: count)
      return
    }
    partials.resize(to: (lanes.count - 1) * count)
    nonisolated(unsafe) let total = total
    let partials = partials
    threads.forEach(lanes.count) { lane in
      // The first lane adds up where the total goes.
      let sum = lane == 0 ? total : partials.pointer + (lane - 1) * count
      lanes.forEachTile(of: lane) { rows in addTile(rows, rows.lowerBound == lanes[lane].lowerBound, sum) }
    }
    guard lanes.count > 1 else { return }
    threads.forEachChunk(of: count, by: 4096) { range in
      for lane in 1..<lanes.count {
        Elements.add(partials.pointer + (lane - 1) * count + range.lowerBound, to: total + range.lowerBound, count: range.count)
      }
    }
  }
}
