import Foundation

/// What partitioning was measured to take: rates by which a dry run predicts.
///
/// `halo partition -k 8` on graphs of 1M nodes and 25M edges and of 4M and 100M without tables, planted communities (groups of 500) and
/// R-MAT, and R-MAT of 16M nodes and 400M edges in 16 parts, on two cores of an AMD EPYC; see `bench/results/2026-11-22-partition.md`.
struct PartitionRates {
  /// Seconds for each edge of a graph of a million nodes: reading, assigning, measuring and sorting.
  var seconds: PartitionForecast.Span
  /// What an edge takes more for every doubling of the nodes beyond a million, of which caches hold less and less.
  var growth = 0.2
  /// Seconds for each byte that is written.
  var secondsPerByte = 1 / 400e6
  /// Seconds for each edge and pass over the edges that puts a piece of an array into a file.
  var secondsPerPass = 1e-9
  /// Halo nodes over those of a random partition.
  var haloOverRandom: Double

  /// - Parameter edges: Of the graph: large skewed ones are contracted in fewer steps.
  init(_ method: PartitionMethod, edges: Int) {
    switch method {
    case .metis:
      seconds = PartitionForecast.Span(low: 0.6e-6, high: 2.3e-6)
      haloOverRandom = 0.75
    case .multilevel:
      let isGentle = 2 * edges <= MultilevelSearch.arcsOfGentleContraction.upperBound
      seconds = PartitionForecast.Span(low: 0.28e-6, high: isGentle ? 0.77e-6 : 0.38e-6)
      haloOverRandom = 0.75
    case .streaming:
      seconds = PartitionForecast.Span(low: 0.2e-6, high: 0.24e-6)
      growth = 0.27  // Every pass reads the parts of all neighbours, at random.
      haloOverRandom = 0.9
    case .refine:
      seconds = PartitionForecast.Span(low: 0.4e-6, high: 0.75e-6)
      haloOverRandom = 0.75
    case .random, .given:
      seconds = PartitionForecast.Span(low: 0.14e-6, high: 0.2e-6)
      haloOverRandom = 1
    }
  }

  /// How much longer an edge takes in a graph of so many nodes.
  func slowdown(nodes: Int) -> Double { 1 + growth * log2(max(1, Double(nodes) / 1e6)) }

  var assumptions: [String] {
    [
      "memory counted from the arrays that live at the same time, METIS's measured: the lower end where groups are clear",
      "seconds for each edge, measured on a million nodes and 25 million edges: the lower ends on planted communities, the upper ones on R-MAT",
      "\(Int((growth * 100).rounded())) % more for every doubling of the nodes beyond a million",
      "two cores like those of the measurement, a disk that takes 400 MB/s, nothing else running",
      "a halo of \(Int(haloOverRandom * 100)) % of a random partition's, for the disk",
    ]
  }
}
