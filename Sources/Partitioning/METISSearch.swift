import Partitions
import Tensors

/// Calls METIS a few times and keeps the best assignment after repair.
///
/// METIS's seed moves the cut by some percent on graphs of this kind, so small graphs, where a call takes a blink, get up to
/// eight; a large one gets one, and another with tighter tolerances only where the repair had to cost cut.
struct METISSearch {
  let adjacency: Adjacency
  let loads: NodeLoads
  let seed: UInt64

  struct Result {
    var parts: [UInt16]
    var attempts: Int
    var repaired: Bool
  }

  private struct Candidate {
    var parts: [UInt16]
    var overload: Double
    var cut: Int
    var repaired: Bool
    /// Cut after repair over METIS's own.
    var repairCost: Double
  }

  func run(progress: (String) -> Void) throws(METISError) -> Result {
    let planned = min(8, max(1, (4 << 20) / max(1, adjacency.neighbours.count)))
    let scaled = loads.scaledForMETIS()
    var best: Candidate?
    var attempts = 0
    var tightness = 0.9  // METIS keeps a tolerance more often when asked for a little less.
    while attempts < planned || (attempts < planned + 2 && best.map(Self.needsAnother) ?? true) {
      progress("METIS, attempt \(attempts + 1)")
      let candidate = try attempt(attempts, scaled: scaled, tightness: tightness)
      attempts += 1
      if candidate.repaired { tightness *= 0.7 }
      if best.map({ (candidate.overload, candidate.cut) < ($0.overload, $0.cut) }) ?? true { best = candidate }
    }
    guard let best else { preconditionFailure("at least one attempt is planned") }
    return Result(parts: best.parts, attempts: attempts, repaired: best.repaired)
  }

  /// True when a limit is broken, or keeping it has cost more than 2 % of the cut.
  private static func needsAnother(_ candidate: Candidate) -> Bool { candidate.overload > 0 || candidate.repairCost > 1.02 }

  private func attempt(_ number: Int, scaled: Buffer<Int32>, tightness: Double) throws(METISError) -> Candidate {
    let key = RandomKey(seed: seed, purpose: .partition, layer: 1)
    let found = try METIS.partition(
      adjacency, loads: scaled, constraintCount: loads.constraintCount, shares: loads.shares,
      imbalance: loads.tolerances.map { 1 + max(0.001, $0 * tightness) },
      seed: Int32(truncatingIfNeeded: key.bits(id: UInt64(number), step: 0)[0] & 0x7FFF_FFFF))
    var repair = BalanceRepair(adjacency, loads: loads, parts: found.map { UInt16($0) })
    let before = repair.cut()
    let repaired = repair.run()
    let cut = repaired ? repair.cut() : before
    return Candidate(
      parts: repair.parts, overload: repair.ledger.overload, cut: cut, repaired: repaired,
      repairCost: Double(cut) / Double(max(1, before)))
  }
}
