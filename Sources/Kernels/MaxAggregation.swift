public import Tensors

/// Largest elements of rows over the edges of destinations, and the gradient's way back.
///
/// `out[i, c] = max over e of x[sources[e], c]`, zero for a destination without edges. Of equal elements that of the first edge
/// wins, and it alone receives the gradient. O(edges · columns).
///
/// Pooling aggregator of Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216, eq. 3.
public enum MaxAggregation {
  /// No source: what a destination without edges has as winners.
  public static let nobody = UInt32.max

  /// The definition for one destination: largest elements and the source that gave each.
  package static func reference(_ sources: [UInt32], rows: [[Double]], columns: Int) -> (values: [Double], winners: [UInt32]) {
    var values = [Double](repeating: 0, count: columns)
    var winners = [UInt32](repeating: nobody, count: columns)
    for column in 0..<columns {
      for source in sources where winners[column] == nobody || rows[Int(source)][column] > values[column] {
        values[column] = rows[Int(source)][column]
        winners[column] = source
      }
    }
    return (values, winners)
  }

  /// Aggregates for destinations `range` on the calling thread.
  ///
  /// - Parameters:
  ///   - out: Row `i` receives destination `range.lowerBound + i`.
  ///   - winners: Receives the source of every element of `out`, rows `winnerStride` apart; `nil`: not wanted.
  public static func aggregate(
    _ range: Range<Int>, of edges: Neighborhood, rows: MatrixView, into out: MatrixView, winners: UnsafeMutablePointer<UInt32>?,
    winnerStride: Int
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= edges.destinationCount, "destinations outside the neighbourhood")
    precondition(out.rows >= range.count && out.columns == rows.columns, "\(rows.columns) columns into \(out.columns)")
    let width = rows.columns
    for (index, destination) in range.enumerated() {
      let target = out.row(index)
      let won = winners.map { $0 + index * winnerStride }
      let list = Int(edges.begin[destination])..<Int(edges.end[destination])
      guard let first = list.first else {
        target.update(repeating: 0, count: width)
        won?.update(repeating: nobody, count: width)
        continue
      }
      target.update(from: rows.row(Int(edges.sources[first])), count: width)
      won?.update(repeating: edges.sources[first], count: width)
      for edge in list.dropFirst() {
        let source = edges.sources[edge]
        let row = rows.row(Int(source))
        if let won {
          for column in 0..<width where row[column] > target[column] {
            target[column] = row[column]
            won[column] = source
          }
        } else {
          for column in 0..<width { target[column] = max(target[column], row[column]) }
        }
      }
    }
  }

  /// Gradient of source rows `range`: what reached the elements that each of them won.
  ///
  /// - Parameters:
  ///   - transposed: Edges by source, the destinations of each increasing.
  ///   - gradient: Gradient of the aggregated rows, by destination.
  ///   - winners: As `aggregate` wrote them, by destination.
  ///   - out: Row `i` receives source `range.lowerBound + i`; overwritten.
  public static func gather(
    _ range: Range<Int>, of transposed: Neighborhood, gradient: MatrixView, winners: UnsafePointer<UInt32>, winnerStride: Int,
    into out: MatrixView
  ) {
    for (index, source) in range.enumerated() {
      let target = out.row(index)
      target.update(repeating: 0, count: out.columns)
      var last = nobody
      for edge in Int(transposed.begin[source])..<Int(transposed.end[source]) {
        let destination = transposed.sources[edge]
        // Parallel edges of one source share their wins.
        if destination == last { continue }
        last = destination
        let row = gradient.row(Int(destination))
        let won = winners + Int(destination) * winnerStride
        for column in 0..<out.columns where won[column] == UInt32(truncatingIfNeeded: source) { target[column] += row[column] }
      }
    }
  }
}
