public import Kernels
import Telemetry
public import Tensors

/// Works out a `PIMPlan`: measures aggregation here, tunes and models it for a machine.
public struct PIMPlanner: Sendable {
  /// In-edges of a part's nodes.
  public struct Part: Sendable {
    public let edges: Neighborhood
    public let sourceCount: Int
    private let owner: (any Sendable)?

    /// - Parameter owner: Keeps the arrays of `edges` valid.
    public init(_ edges: Neighborhood, sourceCount: Int, owner: (any Sendable)? = nil) {
      self.edges = edges
      self.sourceCount = sourceCount
      self.owner = owner
    }
  }

  public var tuner: PIMTuner
  public var threads: Threads
  /// Timed passes, of which the median counts.
  public var trials = 3
  /// Destinations and in-neighbours of each in the mini-batch that is looked at.
  public var batch = (destinations: 1000, fanout: 10)

  public init(_ tuner: PIMTuner, threads: Threads) {
    self.tuner = tuner
    self.threads = threads
  }

  /// - Parameter columns: Columns of the rows that each layer aggregates.
  public func plan(_ parts: [Part], columns: [Int], report: (String) -> Void = { _ in }) -> PIMPlan {
    let tilings = parts.map { SourceTilings($0.edges, sourceCount: $0.sourceCount) }
    let degrees = tilings.map { PIMDegrees($0) }
    let layers = columns.map { columns in
      report("measuring \(columns) columns")
      return layer(tilings, degrees, columns)
    }
    let topology = tuner.topology
    return PIMPlan(
      machine: topology.name, cores: topology.cores, moduleWatts: topology.wattsPerModule * Double(topology.modules),
      hostWatts: topology.hostWatts, threads: threads.count, nodes: degrees.reduce(0) { $0 + $1.rowCount },
      edges: degrees.reduce(0) { $0 + $1.edgeCount }, layers: layers, batch: sampled(columns.first ?? 1))
  }

  private func layer(_ tilings: [SourceTilings], _ degrees: [PIMDegrees], _ columns: Int) -> PIMPlan.Layer {
    let slices = tilings.map { $0.plan(rowBytes: columns * MemoryLayout<Float>.stride).slices }
    let measured = zip(tilings, slices).map { seconds($0, slices: $1, columns: columns) }
    let choices = degrees.map { tuner.best($0, columns: columns) }
    var layer = PIMPlan.Layer(
      columns: columns, measuredCPU: measured.reduce(0, +), cacheSlices: slices, strategies: choices.compactMap { $0?.strategy })
    let topology = tuner.topology
    layer.hostJoules = topology.hostWatts.map { $0 * layer.measuredCPU }
    guard layer.strategies.count == tilings.count, !tilings.isEmpty else { return layer }
    let times = choices.compactMap { $0?.times }
    let schedules = zip(times, measured).map { OverlapSchedule.best($0, dense: 0, hostAggregation: $1) }
    let all = times.reduce(PIMTimes(), +)
    layer.modelled = all
    layer.modelledOverlapped = schedules.reduce(0) { $0 + $1.overlapped }
    layer.modelledHostShare = schedules.reduce(0) { $0 + $1.hostShare } / Double(schedules.count)
    layer.modelledJoules = all.total * (topology.wattsPerModule * Double(topology.modules) + (topology.hostWatts ?? 0))
    return layer
  }

  /// Median seconds of sums on this machine; rows of any values take as long, but they must have pages of their own.
  private func seconds(_ tilings: SourceTilings, slices: Int, columns: Int) -> Double {
    let (rows, out) = (Matrix(rows: tilings.sourceCount, columns: columns), Matrix(rows: tilings.edges.destinationCount, columns: columns))
    for row in 0..<tilings.sourceCount { rows.view.row(row).update(repeating: 1, count: columns) }
    let source = RowSource(rows.view)
    if slices > 1 { _ = tilings[slices] }  // Made once for a graph, and not timed.
    let times = (0...trials).map { _ in
      let begin = MonotonicClock.now()
      CPUAggregator().aggregate(source, tilings, slices: slices, .sum, into: out.view, threads: threads)
      return Double(MonotonicClock.now() - begin) * 1e-9
    }
    return withExtendedLifetime((rows, out)) { times.dropFirst().sorted()[trials / 2] }
  }

  /// A hop whose sources are all different: rows and edges go to the banks for this batch alone.
  private func sampled(_ columns: Int) -> PIMPlan.Batch {
    let edgeCount = batch.destinations * batch.fanout
    let offsets = Buffer(copying: (0...batch.destinations).map { UInt32($0 * batch.fanout) })
    let sources = Buffer<UInt32>(count: edgeCount)
    for edge in 0..<edgeCount { sources.pointer[edge] = UInt32((edge * 7919) % edgeCount) }
    let edges = Neighborhood(destinationCount: batch.destinations, indptr: offsets.pointer, sources: sources.pointer)
    return withExtendedLifetime((offsets, sources)) {
      let tilings = SourceTilings(edges, sourceCount: edgeCount)
      let ranked = tuner.ranked(PIMDegrees(tilings), columns: columns)
      let best = ranked.min { $0.times.total + $0.times.load < $1.times.total + $1.times.load }
      return PIMPlan.Batch(
        destinations: batch.destinations, fanout: batch.fanout, columns: columns,
        measuredCPU: seconds(tilings, slices: 1, columns: columns), modelled: best?.times)
    }
  }
}
