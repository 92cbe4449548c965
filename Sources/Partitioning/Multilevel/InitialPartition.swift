import Tensors

/// METIS on the coarsest level, several times, each result repaired and refined; the best is kept.
struct InitialPartition {
  let level: Level
  let tries: Int
  let seed: UInt64
  let refinement: Refinement

  func best(_ threads: Threads) throws(METISError) -> Assignment {
    let scaled = level.loads.scaledForMETIS()
    let key = RandomKey(seed: seed, purpose: .partition, layer: 1)
    var best: (assignment: Assignment, score: Score)?
    var tightness = 0.9  // METIS keeps a tolerance more often when asked for a little less.
    for attempt in 0..<max(1, tries) {
      let found = try METIS.partition(
        level.adjacency, loads: scaled, constraintCount: level.loads.constraintCount, shares: level.loads.shares,
        imbalance: level.loads.tolerances.map { 1 + max(0.001, $0 * tightness) },
        seed: Int32(truncatingIfNeeded: key.bits(id: UInt64(attempt), step: 0)[0] & 0x7FFF_FFFF))
      let assignment = Assignment(level, parts: Buffer(copying: found.map { UInt16($0) }))
      if !assignment.isFeasible { tightness *= 0.7 }
      refinement.refine(assignment, seed: mix64(seed &+ UInt64(attempt)), threads: threads)
      let score = Score(assignment, threads)
      if best.map({ score < $0.score }) ?? true { best = (assignment, score) }
    }
    return best.unsafelyUnwrapped.assignment  // There is at least one attempt.
  }
}

/// What makes one assignment better than another: keeping the limits first, then the cut.
struct Score: Comparable {
  let isFeasible: Bool
  let cut: Int

  init(_ assignment: Assignment, _ threads: Threads) {
    isFeasible = assignment.isFeasible
    cut = assignment.cut(threads)
  }

  static func < (a: Score, b: Score) -> Bool { a.isFeasible == b.isFeasible ? a.cut < b.cut : a.isFeasible }
}
