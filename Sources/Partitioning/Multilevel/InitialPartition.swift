import Tensors

/// METIS on the coarsest level, several times, each result repaired and refined; the best is kept.
struct InitialPartition {
  let level: Level
  let tries: Int
  let seed: UInt64
  let refinement: Refinement

  func best(_ threads: Threads) throws(METISError) -> ScoredAssignment {
    let scaled = level.loads.scaledForMETIS()
    let key = RandomKey(seed: seed, purpose: .partition, layer: 1)
    var best: ScoredAssignment?
    var tightness = 0.9  // METIS keeps a tolerance more often when asked for a little less.
    for attempt in 0..<max(1, tries) {
      let found = try METIS.partition(
        level.adjacency, loads: scaled, constraintCount: level.loads.constraintCount, shares: level.loads.shares,
        imbalance: level.loads.tolerances.map { 1 + max(0.001, $0 * tightness) },
        seed: Int32(truncatingIfNeeded: key.bits(id: UInt64(attempt), step: 0)[0] & 0x7FFF_FFFF))
      let assignment = Assignment(level, parts: Buffer(copying: found.map { UInt16($0) }))
      if !assignment.isFeasible { tightness *= 0.7 }
      let cut = refinement.refine(assignment, seed: mix64(seed &+ UInt64(attempt)), threads: threads)
      let refined = ScoredAssignment(assignment, cut: cut)
      if best.map({ refined.score < $0.score }) ?? true { best = refined }
    }
    return best.unsafelyUnwrapped  // There is at least one attempt.
  }
}
