import Tensors

/// Multilevel k-way partitioning: the graph is contracted by clusters, METIS cuts the small graph of them under all constraints, and every
/// level on the way back is refined under all of them.
///
/// Every step gives the same result for any number of threads. METIS sees at most `max(20,000, 50·k)` nodes.
///
/// Hendrickson, Leland, SC 1995; contraction of skewed graphs by label propagation: Meyerhenke, Sanders, Schulz 2014, arXiv:1402.3281;
/// further rounds and combinations of several partitions: Sanders, Schulz 2011, arXiv:1110.0477.
struct MultilevelSearch {
  let adjacency: Adjacency
  let loads: NodeLoads
  let effort: PartitionEffort
  let seed: UInt64
  let threads: Threads
  /// What is done on every level.
  let refinement: Refinement
  /// Whether the graph is contracted in small steps.
  private let isGentle: Bool
  private let room: Hierarchy.Room

  /// - Parameters:
  ///   - refinement: In place of what belongs to `effort`.
  ///   - room: For coarser levels.
  init(
    adjacency: Adjacency, loads: NodeLoads, effort: PartitionEffort, seed: UInt64, threads: Threads,
    refinement: Refinement? = nil, room: Hierarchy.Room = Hierarchy.Room()
  ) {
    self.adjacency = adjacency
    self.loads = loads
    self.effort = effort
    self.seed = seed
    self.threads = threads
    isGentle =
      effort != .fast && Self.arcsOfGentleContraction.contains(adjacency.neighbours.count) && adjacency.isSkewed
    var usual = Refinement(effort)
    usual.prefersMoves = isGentle
    self.refinement = refinement ?? usual
    self.room = room
  }

  struct Result {
    var parts: [UInt16]
    /// Levels of the first contraction, the finest included.
    var levels: Int
    /// All nodes, those of a cluster together on every level of the first contraction.
    var order: Buffer<UInt32>
  }

  /// - Throws: `METISError` when the library fails, `SystemError` when a file cannot be written.
  func run(progress: (String) -> Void) throws -> Result {
    let finest = Level(adjacency, loads)
    var rules = rules(finest)
    let first = try Hierarchy(finest, rules, groups: nil, room: room, seed: seed, threads: threads, progress: progress)
    let (order, levels) = (first.order, first.levels.count)
    guard loads.partCount > 1 else {
      return Result(parts: [UInt16](repeating: 0, count: finest.nodeCount), levels: levels, order: order)
    }
    var best = try descend(consume first, seed: seed, progress)
    switch effort {
    case .fast: break
    case .default:
      if finest.arcCount <= Self.mostArcsOfSecondRounds { best = try again(best, best, finest, rules, seed: mix64(seed &+ 1)) }
    case .strong:
      var population = [best]
      for number in 1..<Self.populationSize {
        // Every other member is contracted the other way.
        rules.matches.toggle()
        let key = mix64(seed &+ UInt64(number) << 32)
        let next = try Hierarchy(finest, rules, groups: nil, room: room, seed: key, threads: threads, progress: progress)
        population.append(try descend(consume next, seed: key, progress))
      }
      best = try combine(population, finest, rules, progress)
    }
    return Result(parts: Array(best.assignment.parts.elements), levels: levels, order: order)
  }

  /// A second round takes longer than the first and gains a few percent on small graphs, next to nothing on large ones.
  private static let mostArcsOfSecondRounds = 1 << 23
  private static let populationSize = 8
  /// Least number of groups that parts are packed of, for each part.
  private static let groupsOfPart = 4
  private static let combinations = 24

  /// Skewed graphs of so many arcs are contracted in small steps: smaller ones have second rounds, larger ones would take too long and
  /// too much memory for arcs that hardly get fewer.
  static let arcsOfGentleContraction = mostArcsOfSecondRounds + 1...1 << 26

  /// Contraction ends at so many arcs, or at so few nodes.
  private static let coarseArcs = 1 << 21
  private static func fewestNodes(_ partCount: Int) -> Int { max(2000, 50 * partCount) }

  /// Most arcs that METIS sees, unless contraction ends before since it hardly helps any more.
  static func mostCoarseArcs(_ partCount: Int) -> Int { max(coarseArcs, fewestNodes(partCount) * fewestNodes(partCount)) }

  private func rules(_ finest: Level) -> Hierarchy.Rules {
    let k = loads.partCount
    return Hierarchy.Rules(
      nodes: max(20_000, 50 * k), arcs: Self.coarseArcs, fewestNodes: Self.fewestNodes(k), pieces: max(400, 30 * k),
      matches: finest.isMeshLike, isGentle: isGentle)
  }

  /// Cuts the coarsest graph and refines on the way back.
  private func descend(
    _ hierarchy: consuming Hierarchy, seed: UInt64, _ progress: (String) -> Void
  ) throws -> ScoredAssignment {
    let coarsest = hierarchy.levels[hierarchy.levels.count - 1]
    let tries = effort == .fast ? 1 : min(8, max(1, (2 << 20) / max(1, coarsest.arcCount)))
    progress("METIS: \(coarsest.nodeCount) nodes, \(coarsest.arcCount / 2) edges, \(tries) tries")
    let clock = StepClock()
    let first = try InitialPartition(level: coarsest, tries: tries, seed: seed, refinement: refinement).best(threads)
    let best = try packed(coarsest, tries: min(3, tries + 1), seed: mix64(seed &+ 4)).map { $0.score < first.score ? $0 : first } ?? first
    progress("cutting: \(coarsest.nodeCount) nodes, cut \(best.score.cut), \(clock.seconds) s")
    return climb(best, hierarchy, seed: seed, progress)
  }

  /// Contracts the coarsest level once more, to so few nodes that groups of clusters which belong together are one node: METIS packs them
  /// whole. On more nodes it splits some, and no single move joins them again since parts are full.
  ///
  /// - Returns: An assignment of `coarsest`; `nil` where that cannot be contracted.
  private func packed(_ coarsest: Level, tries: Int, seed: UInt64) throws -> ScoredAssignment? {
    let groups = Self.groupsOfPart * loads.partCount
    let rules = Hierarchy.Rules(nodes: groups, arcs: .max, fewestNodes: groups, pieces: groups, matches: false)
    let hierarchy = try Hierarchy(coarsest, rules, groups: nil, seed: seed, threads: threads) { _ in }
    guard hierarchy.levels.count > 1 else { return nil }
    let smallest = hierarchy.levels[hierarchy.levels.count - 1]
    guard smallest.nodeCount >= loads.partCount else { return nil }
    let first = try InitialPartition(level: smallest, tries: tries, seed: seed, refinement: refinement).best(threads)
    return climb(first, hierarchy, seed: seed) { _ in }
  }

  /// Brings an assignment of the coarsest level to the finest, refining it on every level between; gives up each level behind it.
  private func climb(
    _ first: ScoredAssignment, _ hierarchy: consuming Hierarchy, seed: UInt64, _ progress: (String) -> Void
  ) -> ScoredAssignment {
    var best = first
    while hierarchy.levels.count > 1 {
      let clock = StepClock()
      let clusters = hierarchy.dropCoarsest()
      let level = hierarchy.levels[hierarchy.levels.count - 1]
      let score = best.score
      // Nothing holds the coarser level any more.
      best = ScoredAssignment(best.assignment.projected(to: level, clusters, threads), cut: score.cut)
      // What a repair could not mend is tried again where nodes are smallest, and only there: it takes long to fail.
      let cut = refinement.refine(
        best.assignment, repairs: score.isFeasible || hierarchy.levels.count == 1,
        seed: mix64(seed &+ UInt64(hierarchy.levels.count)), threads: threads)
      progress("refining: \(level.nodeCount) nodes, cut \(score.cut) to \(cut), \(clock.seconds) s")
      best = ScoredAssignment(best.assignment, cut: cut)
    }
    return best
  }

  /// Contracts only what two assignments agree on, so that the better of them lives on all levels, and refines it again.
  ///
  /// - Returns: An assignment not worse than the better one; that one itself where nothing was found.
  private func again(
    _ a: ScoredAssignment, _ b: ScoredAssignment, _ finest: Level, _ rules: Hierarchy.Rules, seed: UInt64
  ) throws -> ScoredAssignment {
    let better = b.score < a.score ? b : a
    let (left, right) = (a.assignment.parts.pointer, b.assignment.parts.pointer)
    let groups = Buffer<UInt32>(count: finest.nodeCount)
    for node in 0..<finest.nodeCount { groups.pointer[node] = UInt32(left[node]) << 16 | UInt32(right[node]) }
    var rules = rules
    rules.nodes = max(500, 20 * loads.partCount)
    let hierarchy = try Hierarchy(finest, rules, groups: groups, room: room, seed: seed, threads: threads) { _ in }
    let first = better.assignment.contracted(to: hierarchy)
    let cut = refinement.refine(first, seed: seed, threads: threads)
    let found = climb(ScoredAssignment(first, cut: cut), hierarchy, seed: seed) { _ in }
    return found.score < better.score ? found : better
  }

  /// Lets good assignments have better children: two at a time, the child takes the place of the worst.
  private func combine(
    _ population: [ScoredAssignment], _ finest: Level, _ rules: Hierarchy.Rules, _ progress: (String) -> Void
  ) throws -> ScoredAssignment {
    var ranked = population.sorted { $0.score < $1.score }
    var rules = rules
    let key = RandomKey(seed: seed, purpose: .partition, layer: 2)
    for number in 0..<Self.combinations {
      let bits = key.bits(id: UInt64(number), step: 0)
      // The better of two picks is a parent, twice; equal parents make a further round of one.
      func pick(_ a: UInt32, _ b: UInt32) -> ScoredAssignment {
        ranked[min(Int(boundedIndex(a, below: UInt32(ranked.count))), Int(boundedIndex(b, below: UInt32(ranked.count))))]
      }
      rules.matches.toggle()
      let child = try again(pick(bits[0], bits[1]), pick(bits[2], bits[3]), finest, rules, seed: mix64(seed &+ UInt64(number) << 40))
      progress("combining: cut \(child.score.cut)")
      let isKnown = ranked.contains { $0.assignment === child.assignment }
      guard !isKnown, child.score < ranked[ranked.count - 1].score else { continue }
      ranked[ranked.count - 1] = child
      ranked.sort { $0.score < $1.score }
    }
    return ranked[0]
  }
}
