extension EpochPlanner {
  /// Memory of one worker: what its share of the graph takes, and the measured run's rest in proportion to the batch.
  func memory(_ sizes: BatchSizes, nodes: Double, edges: Double, weights: Int) -> PlanMemory {
    let manifest = source.manifest
    let held = request.networkBytesPerSecond == nil ? Double(1) : 1 / Double(request.workers)
    let halo = Double(manifest.parts.reduce(0) { $0 + $1.haloNodes }) / Double(manifest.nodeCount) * nodes
    let graph = PlanMemory.graphBytes(nodes: nodes * held, halo: halo * held, edges: edges * held)
    let features = Double(strideBytes) * nodes * held
    let measuredSizes = BatchSizes(report)
    let measuredWeights = 24 * Double(report.weights)
    let rest =
      Double(report.peakMemory.max() ?? 0) - report.partBytes - measuredWeights
      - PlanMemory.programBytes(workers: report.workers)
    let factor = max(0.5, rest / max(1, PlanMemory.workspaceBytes(measuredSizes, report.model)))
    let arena = request.networkBytesPerSecond == nil ? 0 : Double(strideBytes) * sizes.remoteRows
    return PlanMemory(
      graph: graph, features: features, workspace: factor * PlanMemory.workspaceBytes(sizes, request.shape) + arena,
      weights: 24 * Double(weights), program: PlanMemory.programBytes(workers: request.workers))
  }
}
