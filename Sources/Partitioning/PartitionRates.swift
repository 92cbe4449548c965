/// What partitioning was measured to take: rates by which a dry run predicts.
///
/// `halo partition -k 8` on graphs of 1M nodes and 25M edges without tables, planted communities (2,000 groups of 500) and R-MAT, on two
/// cores of an AMD EPYC that other work shared; see `bench/results/2026-11-21-partition-forecast.md`.
struct PartitionRates {
  /// Seconds for each edge: reading, assigning, measuring and sorting.
  var seconds: PartitionForecast.Span
  /// Seconds for each byte that is written.
  var secondsPerByte = 1 / 400e6
  /// Halo nodes over those of a random partition.
  var haloOverRandom: Double

  init(_ method: PartitionMethod) {
    switch method {
    case .metis:
      seconds = PartitionForecast.Span(low: 0.8e-6, high: 5e-6)
      haloOverRandom = 0.75
    case .multilevel:
      seconds = PartitionForecast.Span(low: 0.3e-6, high: 2e-6)
      haloOverRandom = 0.75
    case .streaming:
      seconds = PartitionForecast.Span(low: 0.2e-6, high: 1e-6)
      haloOverRandom = 0.9
    case .refine:
      seconds = PartitionForecast.Span(low: 0.4e-6, high: 0.75e-6)
      haloOverRandom = 0.75
    case .random, .given:
      seconds = PartitionForecast.Span(low: 0.2e-6, high: 0.3e-6)
      haloOverRandom = 1
    }
  }

  var assumptions: [String] {
    [
      "memory counted from the arrays that live at the same time, METIS's measured: the lower end where groups are clear",
      "seconds for each edge, measured on graphs of 25 million edges: the lower ends on planted communities, the upper ones on R-MAT",
      "two cores like those of the measurement, a disk that takes 400 MB/s, nothing else running",
      "a halo of \(Int(haloOverRandom * 100)) % of a random partition's, for the disk",
    ]
  }
}
