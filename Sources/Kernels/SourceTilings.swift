import Synchronization

/// The tilings of one graph, each made when its number of slices is first asked for, and kept: slices for a cache and slices for the
/// banks of processing-in-memory are cut here.
public final class SourceTilings: Sendable {
  /// Edges without factors.
  public let edges: Neighborhood
  public let sourceCount: Int
  private let made = Mutex<[Int: SourceTiling]>([:])

  /// - Parameter edges: Its factors are not used; kept by the caller while this is used.
  public init(_ edges: Neighborhood, sourceCount: Int) {
    self.edges = edges.withoutFactors
    self.sourceCount = sourceCount
  }

  /// The tiling of `slices` slices.
  public subscript(slices: Int) -> SourceTiling {
    if let tiling = made.withLock({ $0[slices] }) { return tiling }
    let tiling = SourceTiling(edges, sourceCount: sourceCount, slices: slices)
    made.withLock { $0[slices] = tiling }
    return tiling
  }

  /// How many slices pay for a cache; see `SourceTiling.plan`. The tilings that it looks at are not kept.
  public func plan(rowBytes: Int, costs: SourceTilingCosts = .cache) -> SourceTiling.Plan {
    SourceTiling.plan(edges, sourceCount: sourceCount, rowBytes: rowBytes, costs: costs)
  }
}
