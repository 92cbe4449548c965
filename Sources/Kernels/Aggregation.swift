internal import CKernels
public import Tensors

/// Sources of consecutive destinations: destination `i` has edges `begin[i]..<end[i]`, edge `e` reads row `sources[e]`.
public struct Neighborhood: @unchecked Sendable {
  // Sendable: read-only; its maker keeps the arrays valid and unchanged while it is used.
  /// Number of destinations, `D`.
  public let destinationCount: Int
  /// Shape (`D`).
  public let begin: UnsafePointer<UInt32>
  /// Shape (`D`), `end[i] >= begin[i]`.
  public let end: UnsafePointer<UInt32>
  /// Row read by each edge.
  public let sources: UnsafePointer<UInt32>
  /// Factor of each edge; `nil`: 1.
  public let weights: UnsafePointer<Float>?
  /// Factor of each source row; `nil`: 1.
  public let scales: UnsafePointer<Float>?

  public init(
    destinationCount: Int, begin: UnsafePointer<UInt32>, end: UnsafePointer<UInt32>, sources: UnsafePointer<UInt32>,
    weights: UnsafePointer<Float>? = nil, scales: UnsafePointer<Float>? = nil
  ) {
    self.destinationCount = destinationCount
    self.begin = begin
    self.end = end
    self.sources = sources
    self.weights = weights
    self.scales = scales
  }

  /// - Parameter indptr: Row offsets, shape (`destinationCount` + 1).
  public init(
    destinationCount: Int, indptr: UnsafePointer<UInt32>, sources: UnsafePointer<UInt32>, weights: UnsafePointer<Float>? = nil,
    scales: UnsafePointer<Float>? = nil
  ) {
    self.init(
      destinationCount: destinationCount, begin: indptr, end: indptr + 1, sources: sources, weights: weights, scales: scales)
  }

  /// The same edges, each with factor 1.
  public var withoutFactors: Neighborhood { Neighborhood(destinationCount: destinationCount, begin: begin, end: end, sources: sources) }

  func native(from destination: Int) -> halo_edges {
    halo_edges(begin: begin + destination, end: end + destination, sources: sources, weights: weights, scales: scales)
  }
}

/// Sums and means of rows over the edges of destinations.
///
/// `out[i] = initial[i] + m(i) · Σ_e weights[e] · scales[sources[e]] · x[sources[e]]` over the edges `e` of destination `i`, where
/// `m(i)` is 1 for a sum and 1 / (number of edges) for a mean; a destination without edges gets its initial value. With an input
/// table as `x` this is gather and aggregation in one pass, and the gathered matrix is never built: stored elements of any type are
/// widened to float32 as they are read, and added up in float32; with the transposed edges
/// it is the backward pass; with a dense matrix and the entries of sparse rows it is their product.
///
/// Each output row is added up by one thread in edge order, products are never fused with sums: the bits depend neither on
/// threads nor on the instruction set. O(edges · columns).
///
/// Mean aggregator of Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216, Alg. 1.
public enum Aggregation {
  public enum Reduction: Sendable { case sum, mean }

  /// The definition, one destination at a time, in float64: the oracle of the tests.
  package static func reference(
    _ destination: Int, of edges: Neighborhood, rows: (Int) -> [Double], columns: Int, _ reduction: Reduction, initial: [Double]? = nil
  ) -> [Double] {
    var sum = [Double](repeating: 0, count: columns)
    let range = Int(edges.begin[destination])..<Int(edges.end[destination])
    for edge in range {
      let source = Int(edges.sources[edge])
      let factor = Double(edges.weights?[edge] ?? 1) * Double(edges.scales?[source] ?? 1)
      for (column, value) in rows(source).enumerated() { sum[column] += factor * value }
    }
    let multiplier = reduction == .mean && !range.isEmpty ? 1 / Double(range.count) : 1
    return sum.indices.map { (initial?[$0] ?? 0) + multiplier * sum[$0] }
  }

  /// Aggregates for destinations `range` on the calling thread.
  ///
  /// - Parameters:
  ///   - initial: Row `i` is added to what destination `range.lowerBound + i` gathers, as far as there are rows; may be `out`.
  ///   - out: Row `i` receives destination `range.lowerBound + i`; shape (`range.count`, columns of `rows`).
  public static func aggregate(
    _ range: Range<Int>, of edges: Neighborhood, rows: RowSource, _ reduction: Reduction, adding initial: MatrixView? = nil,
    into out: MatrixView, instructions: InstructionSet = .detected
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= edges.destinationCount, "destinations outside the neighbourhood")
    precondition(
      out.rows >= range.count && out.columns == rows.columns, "\(range.count) × \(rows.columns) into \(out.rows) × \(out.columns)")
    precondition(initial == nil || initial?.columns == rows.columns, "initial values of another width")
    var native = edges.native(from: range.lowerBound)
    var source = rows.native
    halo_aggregate(
      instructions.native, &native, &source, range.count, rows.columns, reduction == .mean ? 1 : 0, initial?.base,
      initial?.rows ?? 0, initial?.stride ?? 0, out.base, out.stride)
  }

  /// Aggregates for all destinations, tiles of them spread over `threads`; arguments as above.
  public static func aggregate(
    _ edges: Neighborhood, rows: RowSource, _ reduction: Reduction, adding initial: MatrixView? = nil, into out: MatrixView,
    threads: Threads
  ) {
    threads.forEachChunk(of: edges.destinationCount, by: Tiles.height) { range in
      aggregate(
        range, of: edges, rows: rows, reduction, adding: initial?.rows(clampedTo: range), into: out.rows(range))
    }
  }
}
