/// What reading rows costs with a fast memory in between, in any one unit of time: the planner compares sums of these.
///
/// Constants, not measurements of the machine at hand: slices decide the order of sums, and that may depend on the graph and the
/// configuration alone.
public struct SourceTilingCosts: Sendable, Equatable {
  /// Bytes of rows that the fast memory keeps.
  public var capacityBytes: Int
  /// A byte of a row that is there.
  public var hit: Double
  /// A byte of a row that is not.
  public var miss: Double
  /// A byte of an output row that is read, added to and written once more.
  public var output: Double
  /// A slice: nothing for a cache, launch and transfer of a bank of processing-in-memory.
  public var slice: Double

  public init(capacityBytes: Int, hit: Double, miss: Double, output: Double, slice: Double) {
    self.capacityBytes = capacityBytes
    self.hit = hit
    self.miss = miss
    self.output = output
    self.slice = slice
  }

  /// A last-level cache of 32 MiB whose misses are hidden by asking early, per byte of memory traffic: fitted to whole passes over 1M
  /// nodes and 25M edges (communities and R-MAT, 100 and 256 columns, 1 to 64 slices, one thread).
  public static let cache = SourceTilingCosts(capacityBytes: 32 << 20, hit: 0.6, miss: 1, output: 1.5, slice: 0)
}

extension SourceTiling {
  /// How many slices pay, and how much.
  public struct Plan: Sendable, Equatable {
    /// 1: none but the whole.
    public let slices: Int
    /// Time of a pass without slices over that with them, as the costs have it.
    public let gain: Double
  }

  /// The number of slices, a power of two, under which a pass costs least; 1 unless that is at least a twentieth less.
  ///
  /// The hits of each candidate are those of a fully associative memory that forgets the row unused for longest, over the walk in the order of the
  /// kernel. A pure function of its arguments. O(edges · log slices) time, O(sources) memory.
  ///
  /// - Parameters:
  ///   - sourceCount: Number of sources.
  ///   - rowBytes: Bytes of a source row; output rows count as many.
  ///   - mostSlices: Largest candidate.
  public static func plan(
    _ edges: Neighborhood, sourceCount: Int, rowBytes: Int, costs: SourceTilingCosts = .cache, mostSlices: Int = 64
  ) -> Plan {
    let whole = cost(edges, sourceCount: sourceCount, rowBytes: rowBytes, slices: 1, costs)
    var best = (slices: 1, cost: whole)
    var slices = 2
    // Slices that fit with room to spare can only add outputs.
    while slices <= mostSlices, sourceCount * rowBytes > costs.capacityBytes * slices / 4 {
      let cost = cost(edges, sourceCount: sourceCount, rowBytes: rowBytes, slices: slices, costs)
      if cost < best.cost { best = (slices, cost) }
      slices *= 2
    }
    return best.cost <= 0.95 * whole ? Plan(slices: best.slices, gain: whole / best.cost) : Plan(slices: 1, gain: 1)
  }

  /// Cost of one pass.
  package static func cost(
    _ edges: Neighborhood, sourceCount: Int, rowBytes: Int, slices: Int, _ costs: SourceTilingCosts
  ) -> Double {
    let tiling = SourceTiling(edges, sourceCount: sourceCount, slices: slices)
    let misses = tiling.misses(capacityRows: max(1, costs.capacityBytes / max(1, rowBytes)))
    let bytes = Double(rowBytes)
    return bytes * (costs.miss * Double(misses) + costs.hit * Double(tiling.edgeCount - misses) + costs.output * Double(tiling.entryCount))
      + costs.slice * Double(slices)
  }
}
