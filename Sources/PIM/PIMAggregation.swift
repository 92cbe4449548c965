import Tensors

/// Sums, means or largest elements over the edges of destinations, on a machine and by a strategy.
public struct PIMAggregation: Sendable {
  public let topology: PIMTopology
  public let strategy: PIMStrategy

  /// - Throws: `InputError` where the strategy and the machine do not go together.
  public init(_ topology: PIMTopology, _ strategy: PIMStrategy) throws {
    self.topology = topology
    self.strategy = strategy
    let clusters = topology.ranks * strategy.clustersPerRank
    func check(_ holds: Bool, _ expected: String, _ found: some CustomStringConvertible) throws {
      if !holds { throw InputError("strategy \(strategy)", expected: expected, found: "\(found)") }
    }
    try check(strategy.slices >= 1 && strategy.columnParts >= 1, "slices and column parts", strategy.description)
    try check(
      strategy.clustersPerRank >= 1 && (topology.coresOfRanks.min() ?? 0) >= strategy.clustersPerRank, "clusters with a core or more",
      strategy.clustersPerRank)
    try check(
      strategy.slices * strategy.columnParts == clusters, "slices × column parts = \(clusters) clusters of \(topology.name)",
      strategy.slices * strategy.columnParts)
    try check(strategy.isLayout, "a format, core and tasklet split that go together", strategy.description)
    try check(1...PIMCore.mostTasklets ~= strategy.tasklets, "1 to \(PIMCore.mostTasklets) tasklets", strategy.tasklets)
    try check(
      8...PIMCore.longestTransfer ~= strategy.streamBytes && strategy.streamBytes % 8 == 0, "blocks of 8 to 2048 bytes",
      strategy.streamBytes)
  }

  /// The cores' operation for a reduction.
  package func operation(isMax: Bool) -> PIMOperation { isMax ? .max : strategy.addOnly ? .add : .multiplyAdd }

  /// Columns of each column part.
  func widths(_ columns: Int) -> [Int] { PIMTopology.spread(columns, over: strategy.columnParts) }

  /// Checks that columns are enough and memory suffices.
  ///
  /// - Throws: `PIMFault` as the machine itself would; `InputError` for too few columns.
  func check(_ tile: CoreTile) throws {
    guard tile.bankBytes <= topology.bankBytes else { throw PIMFault.bankOverflow(bytes: tile.bankBytes, free: topology.bankBytes) }
    guard tile.scratchpadBytes <= topology.scratchpadBytes else {
      throw PIMFault.scratchpadOverflow(bytes: tile.scratchpadBytes, free: topology.scratchpadBytes)
    }
  }

  func checkColumns(_ columns: Int) throws {
    guard columns >= strategy.columnParts else {
      throw InputError("strategy \(strategy)", expected: "at least \(strategy.columnParts) columns", found: "\(columns)")
    }
  }

  /// Modelled times of one aggregation, from degrees alone: what the kernels would count is worked out, and no bytes move.
  ///
  /// Equal to the times of `run` on the same graph. O(slices · destinations).
  ///
  /// - Parameters:
  ///   - columns: Columns of the source rows.
  ///   - operation: `nil`: a sum, as the strategy says.
  /// - Throws: `PIMFault` where a bank or scratchpad does not suffice, `InputError` for fewer columns than parts.
  public func estimate(_ degrees: PIMDegrees, columns: Int, operation: PIMOperation? = nil) throws -> PIMTimes {
    try estimate(columns: columns, rowCount: degrees.rowCount, operation: operation) { degrees.slice($0, of: strategy.slices) }
  }

  func estimate(
    columns: Int, rowCount: Int, operation: PIMOperation?, slice: (Int) -> SliceEdges
  ) throws -> PIMTimes {
    try checkColumns(columns)
    let operation = operation ?? self.operation(isMax: false)
    let widths = widths(columns)
    var known: [[Int]: ClusterWork] = [:]
    var current: (number: Int, edges: SliceEdges)?
    var clusters: [(rank: Int, work: ClusterWork)] = []
    for (index, cluster) in topology.clusters(perRank: strategy.clustersPerRank).enumerated() {
      let (number, part) = (index / strategy.columnParts, index % strategy.columnParts)
      let edges = current.flatMap { $0.number == number ? $0.edges : nil } ?? slice(number)
      current = (number, edges)
      let key = [number, cluster.cores, widths[part]]
      let work = try known[key] ?? count(edges, cores: cluster.cores, width: widths[part], operation)
      known[key] = work
      clusters.append((cluster.rank, work))
    }
    return PhaseModel(topology: topology).times(clusters, widths: widths, rowCount: rowCount)
  }

  /// What a cluster of `cores` cores would do with `edges`.
  func count(_ edges: SliceEdges, cores: Int, width: Int, _ operation: PIMOperation) throws -> ClusterWork {
    var work = ClusterWork()
    for share in Share.ofCores(cores, strategy, edges) {
      let tile = CoreTile(
        rows: share.rows.count, edges: share.edges.count, sources: edges.sourceCount, width: width, strategy: strategy,
        operation: operation)
      try check(tile)
      let phases = KernelCount(tile: tile, core: share, slice: edges).phases
      work.add(tile, cycles: topology.costs.cycles(phases: phases, strategy.elementType))
    }
    return work
  }
}
