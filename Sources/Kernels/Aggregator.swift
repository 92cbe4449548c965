public import Tensors

/// Brings rows together along the edges of a layer: where a tile of destinations is asked for, or of all destinations at once.
///
/// Two conform: the processors at hand (`CPUAggregator`) and a simulated machine with processing-in-memory (module PIM). Both cut the
/// sources of a graph by `SourceTilings` where they cut them.
public protocol Aggregator: Sendable {
  /// What decides its results: the same on every worker, and of an inference that goes on.
  var identity: String { get }
  /// Whether it works on all destinations of a layer at once: rows of all of them are then held.
  var takesWholeLayers: Bool { get }

  /// What the destinations of `edges` gather of `rows`, by the formula of `Aggregation`.
  ///
  /// - Parameters:
  ///   - rows: One for each source.
  ///   - edges: Without weights; its scales are factors of the rows.
  ///   - memory: Holds the result while it is used, unless tiles are computed when they are asked for.
  func gather(
    _ rows: RowSource, along edges: Neighborhood, _ reduction: Aggregation.Reduction, into memory: GrowingBuffer<Float>, threads: Threads
  ) -> Gathered

  /// - Throws: What has kept a `gather` since the last check from being computed; it gave zeros instead.
  func check() throws
}

/// What destinations gather, by tile; valid while the rows, edges and memory that it was made of are.
public struct Gathered: Sendable {
  private enum Source: Sendable {
    case edges(Neighborhood, RowSource, Aggregation.Reduction)
    case rows(MatrixView)
  }

  private let source: Source

  /// Gathered along `edges` whenever a tile is written.
  public init(_ rows: RowSource, along edges: Neighborhood, _ reduction: Aggregation.Reduction) {
    source = .edges(edges, rows, reduction)
  }

  /// Gathered already, a row for each destination.
  public init(_ rows: MatrixView) { source = .rows(rows) }

  /// Writes what destinations `range` gather, on the calling thread.
  ///
  /// - Parameters:
  ///   - initial: Row `i` is added to what destination `range.lowerBound + i` gathers, as far as there are rows; may be `out`.
  ///   - out: Row `i` receives destination `range.lowerBound + i`.
  public func write(_ range: Range<Int>, adding initial: MatrixView? = nil, into out: MatrixView) {
    switch source {
    case .edges(let edges, let rows, let reduction):
      Aggregation.aggregate(range, of: edges, rows: rows, reduction, adding: initial, into: out)
    case .rows(let rows):
      precondition(range.upperBound <= rows.rows && out.columns == rows.columns, "rows \(range) of \(rows.rows) × \(rows.columns)")
      for (index, row) in range.enumerated() {
        let target = out.row(index)
        guard let initial, index < initial.rows else {
          target.update(from: rows.row(row), count: out.columns)
          continue
        }
        if initial.row(index) != target { target.update(from: initial.row(index), count: out.columns) }
        RowArithmetic.add(rows.row(row), to: target, count: out.columns)
      }
    }
  }
}
