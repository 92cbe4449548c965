import Tensors

/// A graph and ever smaller graphs of its clusters, finest first.
struct Hierarchy {
  private(set) var levels: [Level]
  /// Clusters of `levels[i]`, the nodes of `levels[i + 1]`.
  private(set) var clusters: [Clusters] = []

  /// When contraction ends, and how.
  struct Rules: Sendable {
    /// Contraction goes on above this many nodes.
    var nodes: Int
    /// It goes on above this many arcs too, down to `fewestNodes`.
    var arcs: Int
    var fewestNodes: Int
    /// A cluster holds at most one of so many pieces of the graph.
    var pieces: Int
    /// By matchings, not by label propagation.
    var matches: Bool
    /// In small steps while levels are large, by clusters of few nodes: then moves of clusters of all sizes are tried on the way back.
    var isGentle = false
  }

  /// Levels of more nodes are contracted in small steps where the rules say so, by clusters of at most so many nodes of mean load.
  private static let (nodesOfGentleSteps, gentleClusterSize) = (100_000, 4)

  /// Room for the arcs of all coarser levels.
  struct Room: Sendable {
    /// Bytes of memory; 8 an arc.
    var bytes = Int.max
    /// Where the arcs of a level lie that may not fit.
    var overflow = ArrayStorage.memory
  }

  /// Contracts until the rules are met or contraction hardly helps any more.
  ///
  /// - Parameters:
  ///   - groups: Nodes of different groups stay apart on all levels, shape (nodes); `nil`: all may join.
  ///   - room: What the levels take of it changes nothing else.
  /// - Throws: `SystemError` when a file cannot be written.
  init(
    _ finest: Level, _ rules: Rules, groups: Buffer<UInt32>?, room: Room = Room(), seed: UInt64, threads: Threads,
    progress: (String) -> Void
  ) throws {
    levels = [finest]
    var free = room.bytes
    var limits = ClusterLimits(finest.loads, pieces: rules.pieces, groups: groups)
    var pieces = rules.pieces
    while let level = levels.last, Self.isTooLarge(level, rules) {
      let key = mix64(seed &+ UInt64(levels.count))
      let stepLimits =
        rules.isGentle && level.nodeCount > Self.nodesOfGentleSteps
        ? ClusterLimits(finest.loads, pieces: max(pieces, level.nodeCount / Self.gentleClusterSize), groups: limits.groups) : limits
      let clustering = StepClock()
      let found =
        rules.matches
        ? HeavyEdgeMatching(level, limits: limits, seed: key, threads: threads).clusters()
        : LabelClustering(level, limits: stepLimits, seed: key, threads: threads).clusters()
      let seconds = clustering.seconds
      guard found.count * 20 < level.nodeCount * 19 else {
        // Full clusters stand in the way: larger ones are allowed, while there are still several to a part.
        guard pieces > 8 * finest.loads.partCount, rules.nodes < level.nodeCount else { return }
        pieces /= 2
        limits = ClusterLimits(finest.loads, pieces: pieces, groups: limits.groups)
        continue
      }
      let contraction = StepClock()
      // A coarse level has no more arcs than the one that it is made of.
      let fits = 8 * level.arcCount <= free
      let coarse = try Contraction(level: level, clusters: found, storage: fits ? .memory : room.overflow, threads: threads).coarse()
      if fits { free -= 8 * coarse.arcCount }
      progress(
        "contracting: \(level.nodeCount) to \(coarse.nodeCount) nodes, \(level.arcCount / 2) to \(coarse.arcCount / 2) edges,"
          + " \(seconds) s for clusters, \(contraction.seconds) s for rows")
      limits.groups = limits.groups.map { Self.projected($0, found) }
      clusters.append(found)
      levels.append(coarse)
    }
  }

  private static func isTooLarge(_ level: Level, _ rules: Rules) -> Bool {
    level.nodeCount > rules.nodes || (level.arcCount > rules.arcs && level.nodeCount > rules.fewestNodes)
  }

  private static func projected(_ groups: Buffer<UInt32>, _ clusters: Clusters) -> Buffer<UInt32> {
    let coarse = Buffer<UInt32>(count: clusters.count)
    for node in 0..<groups.count { coarse.pointer[Int(clusters.ofNode.pointer[node])] = groups.pointer[node] }
    return coarse
  }

  /// All nodes of the finest level, the members of a cluster one after the other, on every level: nodes that are read together lie
  /// together.
  ///
  /// - Complexity: O(nodes) for each level.
  var order: Buffer<UInt32> {
    var order = Buffer(copying: 0..<UInt32(levels[levels.count - 1].nodeCount))
    for clusters in clusters.reversed() { order = clusters.members(inOrder: order) }
    return order
  }

  /// Gives up the coarsest level and returns the clusters that made it.
  mutating func dropCoarsest() -> Clusters {
    levels.removeLast()
    return clusters.removeLast()
  }
}
