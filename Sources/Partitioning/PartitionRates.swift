import Foundation

/// What partitioning was measured to take: rates by which a dry run predicts.
///
/// `halo partition -k 8` on graphs of 1M nodes and 25M edges without tables, planted communities (2,000 groups of 500) and R-MAT, on two
/// cores of an AMD EPYC that other work shared; see `bench/results/2026-11-21-partition-forecast.md` and `2026-11-22-memory.md`.
struct PartitionRates {
  /// Seconds for each edge of a graph of a million nodes: reading, assigning, measuring and sorting.
  var seconds: PartitionForecast.Span
  /// Seconds for each edge of a graph that fits the buffer of `streaming` and is brought within its limits at last.
  var repair = PartitionForecast.Span(low: 0.2e-6, high: 3.3e-6)
  /// What an edge takes more for every doubling of the nodes beyond a million, of which caches hold less and less.
  var growth = 0.15
  /// Seconds for each byte that is written.
  var secondsPerByte = 1 / 400e6
  /// Seconds for each edge and pass over the edges that puts a piece of an array into a file.
  var secondsPerPass = 1e-9
  /// Halo nodes over those of a random partition.
  var haloOverRandom: Double

  init(_ method: PartitionMethod) {
    switch method {
    case .metis:
      seconds = PartitionForecast.Span(low: 0.8e-6, high: 5e-6)
      haloOverRandom = 0.75
    case .multilevel:
      seconds = PartitionForecast.Span(low: 0.6e-6, high: 1.05e-6)
      haloOverRandom = 0.75
    case .streaming:
      seconds = PartitionForecast.Span(low: 0.4e-6, high: 0.5e-6)
      haloOverRandom = 0.9
    case .refine:
      seconds = PartitionForecast.Span(low: 0.4e-6, high: 0.75e-6)
      haloOverRandom = 0.75
    case .random, .given:
      seconds = PartitionForecast.Span(low: 0.2e-6, high: 0.3e-6)
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
