import Tensors

/// What is done to an assignment on every level: limits are kept, then nodes move between the parts.
struct Refinement: Sendable {
  /// Whether label propagation moves nodes.
  var labels = true
  /// Whether label propagation leaves nodes where they are on levels that have passes of single moves: these find lower cuts from there,
  /// and take longer.
  var prefersMoves = false
  /// Passes of single moves; none where zero.
  var passes = 8
  /// A pass of single moves ends after this many without a lower cut, or this share of the nodes where that is more.
  var patience = 2000
  var patientShare = 0.01

  /// Limits are kept and nothing else.
  static let off = Refinement(labels: false, passes: 0)

  private init(labels: Bool, passes: Int) {
    self.labels = labels
    self.passes = passes
  }

  init(_ effort: PartitionEffort) {
    switch effort {
    case .fast: passes = 0
    case .default: break
    case .strong: (passes, patience, patientShare) = (10, 1000, 0.1)
    }
  }

  /// - Parameter repairs: Whether an assignment that breaks limits is brought within them first.
  /// - Returns: The cut.
  func refine(_ assignment: Assignment, repairs: Bool = true, seed: UInt64, threads: Threads) -> Int {
    if repairs { assignment.repair() }
    let nodes = assignment.level.nodeCount
    let moves = passes > 0 && nodes * assignment.partCount <= GainTable.mostEntries
    if labels, !(moves && prefersMoves) { LabelRefinement(assignment, seed: seed, threads: threads).run() }
    let cut = assignment.cut(threads)
    guard moves else { return cut }
    let search = MoveRefinement(
      assignment, patience: max(patience, Int(Double(nodes) * patientShare)), seed: seed, threads: threads)
    return cut - search.run(passes: passes, cut: cut)
  }
}
