/// Host and cores at work at the same time: rows of destinations in blocks, the cores on one while the host brings together and
/// multiplies the one before; modelled, beside one phase after the other as PyGim runs them.
///
/// Rests on these assumptions: a block of rows takes its share of each phase; the host cannot reach banks whose cores work, so that
/// transfers stop both; launches cost nothing; source rows go to the banks once, before all blocks.
public struct OverlapSchedule: Hashable, Codable, Sendable {
  /// Blocks of destinations.
  public var blocks: Int
  /// Share of the destinations that the host aggregates by itself.
  public var hostShare: Double
  /// Modelled seconds of the phases one after the other, all destinations on the cores.
  public var sequential: Double
  /// Modelled seconds of this schedule.
  public var overlapped: Double

  public var gain: Double { overlapped > 0 ? sequential / overlapped : 1 }

  /// The best schedule of up to `mostBlocks` blocks.
  ///
  /// - Parameters:
  ///   - times: The aggregation.
  ///   - dense: Seconds of what the host does with the sums: product, activation.
  ///   - hostAggregation: Seconds in which the host alone would aggregate all destinations; `nil`: it takes none.
  public static func best(
    _ times: PIMTimes, dense: Double, hostAggregation: Double? = nil, mostBlocks: Int = 64
  ) -> OverlapSchedule {
    let sequential = times.total + dense
    var best = OverlapSchedule(blocks: 1, hostShare: 0, sequential: sequential, overlapped: sequential)
    let shares = hostAggregation == nil ? [0] : (0...50).map { Double($0) / 100 }
    for share in shares {
      for blocks in 1...mostBlocks {
        let seconds = makespan(times, dense: dense, hostWork: share * (hostAggregation ?? 0), share: share, blocks: blocks)
        if seconds < best.overlapped {
          (best.blocks, best.hostShare, best.overlapped) = (blocks, share, seconds)
        }
      }
    }
    return best
  }

  private static func makespan(_ times: PIMTimes, dense: Double, hostWork: Double, share: Double, blocks: Int) -> Double {
    let part = (1 - share) / Double(blocks)
    // When cores and host are free again.
    var (cores, host) = (times.hostToPIM, times.hostToPIM)
    // The host begins with rows of its own while the cores have given nothing yet.
    let own = hostWork / Double(blocks)
    for _ in 0..<blocks {
      host += own
      let transferred = max(cores + times.kernel * part, host) + times.pimToHost * part
      cores = transferred
      host = transferred + times.merge * part + dense / Double(blocks)
    }
    return host
  }
}
