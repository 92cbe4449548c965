public import Tensors

extension Generators {
  /// A graph with planted communities on two levels: groups of equal size, and super-groups of groups.
  ///
  /// Half the edges are drawn: a uniform node, then a uniform other node of its group, of its super-group or of the whole
  /// graph, by the given shares; the other half are their reverses, right behind them. Pairs may repeat. The label of a node
  /// is the number of its super-group (or group) modulo `classes`, so structure predicts labels. Features are the centroid of
  /// the label's class, optionally that of the node's group, and noise: weak alone, strong once averaged over neighbours. Ids
  /// are permuted at random; only a partitioner finds the groups again.
  public struct Communities: Sendable, Equatable {
    /// Which level gives a node its label.
    public enum Level: String, Sendable, CaseIterable {
      case group
      case superGroup = "super-group"
    }

    public var nodes: Int
    /// Directed edges; even, since each is written both ways.
    public var edges: Int
    /// Nodes of a group; the last group may have fewer.
    public var groupSize: Int
    /// Number of super-groups; each holds the same number of groups, give or take one.
    public var superGroups: Int
    /// Share of the edges inside a group.
    public var groupShare = 0.7
    /// Share of the edges inside a super-group, drawn there without regard to groups; the rest may go anywhere.
    public var superGroupShare = 0.2
    /// Classes of the labels; 0 makes no labels and no split.
    public var classes = 0
    public var labelLevel = Level.superGroup
    /// Share of the nodes whose label is replaced by a uniform one.
    public var labelNoise = 0.0
    /// Columns of the table `feat`, float32; 0 makes no table.
    public var features = 0
    /// Columns of the edges' table `feat`, float32, which tells the classes and groups of both ends as the rows of nodes tell theirs; 0 makes
    /// no table.
    public var edgeFeatures = 0
    /// Standard deviation of a coordinate between the centroids of classes.
    public var classSignal: Float = 0.2
    /// Standard deviation of a coordinate between the centroids of groups.
    public var groupSignal: Float = 0
    /// Standard deviation of a coordinate around its centroids.
    public var featureNoise: Float = 1
    public var split = SplitFractions()
    public var seed: UInt64

    public init(nodes: Int, edges: Int, groupSize: Int, superGroups: Int, seed: UInt64) {
      self.nodes = nodes
      self.edges = edges
      self.groupSize = groupSize
      self.superGroups = superGroups
      self.seed = seed
    }

    /// Number of groups.
    public var groups: Int { (nodes + groupSize - 1) / groupSize }

    /// Makes the graph; O(edges + nodes · features) work, spread over `threads`.
    ///
    /// - Throws: `InputError` when a size or share is impossible.
    public func generate(threads: Threads) throws -> RawGraph {
      try validate()
      let plan = CommunityPlan(self)
      let permutation = Generators.permutation(of: nodes, seed: seed, .permutation)
      let sources = Buffer<UInt32>(count: edges)
      let destinations = Buffer<UInt32>(count: edges)
      threads.forEachChunk(of: edges / 2, by: 1 << 15) { range in
        for pair in range {
          let (a, b) = plan.pair(pair)
          let ends = (permutation.pointer[Int(a)], permutation.pointer[Int(b)])
          sources.pointer[2 * pair] = ends.0
          destinations.pointer[2 * pair] = ends.1
          sources.pointer[2 * pair + 1] = ends.1
          destinations.pointer[2 * pair + 1] = ends.0
        }
      }
      var data = NodeData(count: nodes)
      if classes > 0 {
        data.labels = labels(plan, permutation, threads: threads).view
        data.classCount = classes
        data.split = split.split(nodes, seed: seed)
      }
      if features > 0 { data.tables["feat"] = .dense(rows(plan, permutation, threads: threads)) }
      var list = EdgeList(sources: sources.view, destinations: destinations.view)
      if edgeFeatures > 0 { list.tables["feat"] = .dense(edgeRows(plan, threads: threads)) }
      return RawGraph(
        name: "communities-\(nodes)-\(edges)", schema: .plain, nodes: [data],
        edges: [list])
    }

    private func validate() throws {
      func check(_ condition: Bool, _ name: String, _ expected: String, _ found: some CustomStringConvertible) throws {
        if !condition { throw InputError("communities \(name)", expected: expected, found: "\(found)") }
      }
      try check(nodes >= 1 && nodes <= Generators.mostNodes, "nodes", "1 to \(Generators.mostNodes)", nodes)
      try check(groupSize >= 1 && groupSize <= nodes, "group size", "1 to \(nodes) nodes", groupSize)
      try check(superGroups >= 1 && superGroups <= groups, "super-groups", "1 to \(groups), the number of groups", superGroups)
      try check(edges >= 0 && edges % 2 == 0, "edges", "an even number, for every edge is written both ways", edges)
      try check(nodes >= 2 || edges == 0, "nodes", "2 or more to have edges between them", nodes)
      try check(
        groupShare >= 0 && superGroupShare >= 0 && groupShare + superGroupShare <= 1 + 1e-9, "shares",
        "shares of at least 0 that are at most 1 together", "\(groupShare), \(superGroupShare)")
      try check(classes >= 0 && classes <= Int(Int32.max), "classes", "0 to \(Int32.max)", classes)
      try check(labelNoise >= 0 && labelNoise <= 1, "label noise", "a share from 0 to 1", labelNoise)
      try check(features >= 0, "features", "0 or more", features)
      try check(edgeFeatures >= 0, "edge features", "0 or more", edgeFeatures)
      for value in [classSignal, groupSignal, featureNoise] {
        try check(value >= 0 && value.isFinite, "feature signal and noise", "standard deviations of at least 0", value)
      }
      try split.validate()
    }

    private func labels(_ plan: CommunityPlan, _ permutation: Buffer<UInt32>, threads: Threads) -> Buffer<Int32> {
      let key = Generators.key(seed, .labels)
      let noise = Generators.threshold(labelNoise)
      let labels = Buffer<Int32>(count: nodes)
      threads.forEachChunk(of: nodes, by: 1 << 14) { range in
        for position in range {
          let node = permutation.pointer[position]
          let bits = key.bits(id: UInt64(node), step: 0)
          let noisy = UInt64(bits[3]) < noise
          let random = Generators.bounded(bits, below: UInt64(classes)).index
          labels.pointer[Int(node)] = Int32(noisy ? Int(random) : plan.trueClass(position))
        }
      }
      return labels
    }

    private func rows(_ plan: CommunityPlan, _ permutation: Buffer<UInt32>, threads: Threads) -> DenseRows {
      let width = features
      let rows = Buffer<Float>(count: nodes * width)
      let noiseKey = Generators.key(seed, .features)
      let ofClass = Generators.normalRows(max(1, classes), width: width, key: Generators.key(seed, .classCentroids), threads: threads)
      let groupRows = groupSignal > 0 ? groups : 0
      let ofGroup = Generators.normalRows(groupRows, width: width, key: Generators.key(seed, .groupCentroids), threads: threads)
      threads.forEachChunk(of: nodes, by: 1024) { range in
        for position in range {
          let node = Int(permutation.pointer[position])
          let row = rows.pointer + node * width
          if classes > 0 {
            let centroid = ofClass.pointer + plan.trueClass(position) * width
            for column in 0..<width { row[column] += classSignal * centroid[column] }
          }
          if groupRows > 0 {
            let centroid = ofGroup.pointer + plan.group(position) * width
            for column in 0..<width { row[column] += groupSignal * centroid[column] }
          }
          Generators.addNormals(noiseKey, row: node, scale: featureNoise, to: row, width: width)
        }
      }
      return DenseRows(floats: rows, rows: nodes, columns: width)
    }
  }
}
