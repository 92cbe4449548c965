public import Tensors

/// The processors at hand: a tile is gathered where it is asked for, so that it is still in cache when a product reads it.
public struct CPUAggregator: Aggregator {
  public init() {}

  public var identity: String { "cpu" }
  public var takesWholeLayers: Bool { false }

  public func gather(
    _ rows: RowSource, along edges: Neighborhood, _ reduction: Aggregation.Reduction, into memory: GrowingBuffer<Float>, threads: Threads
  ) -> Gathered {
    Gathered(rows, along: edges, reduction)
  }

  public func check() {}

  /// Aggregates all destinations of a graph at once, slice after slice.
  ///
  /// - Parameters:
  ///   - slices: Slices of the sources, as `SourceTiling.plan` finds them to pay for a cache; 1: the edges in their order.
  ///   - out: Shape (destinations, columns of `rows`); overwritten.
  public func aggregate(
    _ rows: RowSource, _ tilings: SourceTilings, slices: Int, _ reduction: Aggregation.Reduction, into out: MatrixView, threads: Threads
  ) {
    if slices > 1 {
      tilings[slices].aggregate(rows: rows, reduction, into: out, threads: threads)
    } else {
      Aggregation.aggregate(tilings.edges, rows: rows, reduction, into: out, threads: threads)
    }
  }
}
