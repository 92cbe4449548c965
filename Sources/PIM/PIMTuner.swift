/// Finds the strategy whose modelled time is least, among all that a machine can hold.
public struct PIMTuner: Sendable {
  /// A strategy and its modelled times.
  public struct Choice: Hashable, Codable, Sendable {
    public var strategy: PIMStrategy
    public var times: PIMTimes
  }

  public let topology: PIMTopology
  public var elementTypes: [PIMElementType] = [.int32]
  /// Kernels to try: with factors, add-only or both.
  public var addOnly = [false]
  public var clustersPerRank = [1, 2, 4]
  public var formats = PIMStrategy.Format.allCases
  public var streamBytes = [32]
  public var tasklets = 16

  public init(_ topology: PIMTopology) { self.topology = topology }

  /// All strategies for rows of `columns` columns: slices that divide the clusters, at least one column for each part.
  public func candidates(columns: Int) -> [PIMStrategy] {
    var candidates: [PIMStrategy] = []
    for perRank in clustersPerRank where perRank <= (topology.coresOfRanks.min() ?? 0) {
      let clusters = topology.ranks * perRank
      for slices in 1...clusters where clusters % slices == 0 && clusters / slices <= columns {
        candidates += kernels(PIMStrategy(slices, clusters / slices, clustersPerRank: perRank))
      }
    }
    return candidates
  }

  /// `base` with every layout, type, kernel and block.
  private func kernels(_ base: PIMStrategy) -> [PIMStrategy] {
    var kernels: [PIMStrategy] = []
    for layout in PIMStrategy.layouts where formats.contains(layout.format) {
      for type in elementTypes {
        for addOnly in addOnly {
          for bytes in streamBytes {
            var strategy = base.with(layout)
            strategy.elementType = type
            strategy.addOnly = addOnly
            strategy.streamBytes = bytes
            strategy.tasklets = tasklets
            kernels.append(strategy)
          }
        }
      }
    }
    return kernels
  }

  /// What fits, least modelled time first; equal times in the order of `candidates`.
  ///
  /// O(candidates · clusters · cores · log destinations), and for each number of slices O(slices · destinations).
  public func ranked(_ degrees: PIMDegrees, columns: Int, operation: PIMOperation? = nil) -> [Choice] {
    let groups = Dictionary(grouping: candidates(columns: columns).enumerated(), by: \.element.slices)
    var choices: [(index: Int, choice: Choice)] = []
    for (count, members) in groups.sorted(by: { $0.key < $1.key }) {
      let slices = (0..<count).map { degrees.slice($0, of: count) }
      for (index, strategy) in members {
        guard
          let aggregation = try? PIMAggregation(topology, strategy),
          let times = try? aggregation.estimate(
            columns: columns, rowCount: degrees.rowCount, operation: operation, slice: { slices[$0] })
        else { continue }  // What does not fit is no candidate.
        choices.append((index, Choice(strategy: strategy, times: times)))
      }
    }
    return choices.sorted { ($0.choice.times.total, $0.index) < ($1.choice.times.total, $1.index) }.map(\.choice)
  }

  /// The best of `ranked`; `nil` where nothing fits.
  public func best(_ degrees: PIMDegrees, columns: Int, operation: PIMOperation? = nil) -> Choice? {
    ranked(degrees, columns: columns, operation: operation).first
  }
}
