public import Graphs
public import Tensors

/// Rows that each part's batches are expected to read from other parts in an epoch, with or without replicas.
///
/// From inclusion probabilities (`InclusionProbability`): a row that several of a batch's nodes need counts once, rows are not kept from
/// one step to the next.
public struct ExpectedReads: Codable, Hashable, Sendable {
  /// Input hop first.
  public var fanout: String
  /// Seeds of one step over all parts.
  public var batchSize: Int
  /// Steps of an epoch.
  public var steps: Int
  /// Rows in an epoch that lie in other parts, shape (k, node types).
  public var rows: [[Double]]
  /// Those of them that replicas would hold, shape (k, node types); `nil` without replicas.
  public var replicated: [[Double]]?

  /// Rows of all parts and types.
  public var totalRows: Double { rows.joined().reduce(0, +) }

  /// Rows of all parts and types that replicas would hold.
  public var totalReplicated: Double { replicated?.joined().reduce(0, +) ?? 0 }
}

/// What an assignment is expected to read, and the nodes that are worth a replica.
public struct ReadForecast: Sendable {
  public let reads: ExpectedReads
  /// For each part the nodes of others that its batches read most, by flat number, the most wanted first; empty without replicas.
  public let replicas: [Buffer<UInt32>]
  /// For each part those that follow, as many as it has nodes.
  public let expected: [ExpectedNodes]

  /// Nodes of other parts by flat number, and the probability that a batch reads each: the most wanted first.
  public struct ExpectedNodes: Sendable {
    public let nodes: Buffer<UInt32>
    public let probabilities: Buffer<Float>
  }

  /// Computes the inclusion probabilities of every part's batches, one part after the other.
  ///
  /// - Parameters:
  ///   - parts: Part of each node by flat number (`NodeNumbering`), every value below `partCount`.
  ///   - share: Replicas of a part over its own nodes.
  /// - Complexity: O(k · hops · edges) time, 28 bytes a node; and sorting what each part reads.
  public init(
    _ graph: RawGraph, parts: [UInt16], partCount: Int, batches: ExpectedBatches, replicas share: Double = 0, threads: Threads
  ) {
    let numbering = NodeNumbering(graph)
    let probability = InclusionProbability(SampledEdges(graph, threads: threads), limits: batches.limits)
    let seeds = ExpectedBatches.seeds(of: graph)
    let steps = batches.steps(seeds: seeds.count)
    var sizes = [Int](repeating: 0, count: partCount)
    for part in parts { sizes[Int(part)] += 1 }
    var rows: [[Double]] = []
    var saved: [[Double]] = []
    var replicas: [Buffer<UInt32>] = []
    var expected: [ExpectedNodes] = []
    for part in 0..<partCount {
      let own = batches.seedProbabilities(seeds, nodeCount: numbering.count) { Int(parts[$0]) == part }
      let wanted = probability.ofInputs(seeds: own, threads: threads)
      Self.leaveOut(part, parts, from: wanted)
      rows.append(Self.sums(of: wanted, numbering, times: steps))
      let kept = Int((share * Double(sizes[part])).rounded(.down))
      let chosen = Self.mostWanted(wanted, count: kept + sizes[part])
      let others = chosen.dropFirst(kept)
      expected.append(
        ExpectedNodes(nodes: Buffer(copying: others), probabilities: Buffer(copying: others.map { wanted.pointer[Int($0)] })))
      guard share > 0 else { continue }
      replicas.append(Buffer(copying: chosen.prefix(kept)))
      saved.append(Self.sums(of: replicas[part], wanted, numbering, times: steps))
    }
    reads = ExpectedReads(
      fanout: batches.fanout, batchSize: batches.batchSize, steps: steps, rows: rows, replicated: share > 0 ? saved : nil)
    self.replicas = replicas
    self.expected = expected
  }

  /// A part reads its own nodes in place.
  private static func leaveOut(_ part: Int, _ parts: [UInt16], from wanted: Buffer<Float>) {
    for (node, owner) in parts.enumerated() where Int(owner) == part { wanted.pointer[node] = 0 }
  }

  private static func sums(of wanted: Buffer<Float>, _ numbering: NodeNumbering, times steps: Int) -> [Double] {
    numbering.typeIndices.map { type in
      var sum = 0.0
      for node in numbering.range(of: type) { sum += Double(wanted.pointer[node]) }
      return sum * Double(steps)
    }
  }

  private static func sums(
    of chosen: Buffer<UInt32>, _ wanted: Buffer<Float>, _ numbering: NodeNumbering, times steps: Int
  ) -> [Double] {
    var sums = numbering.typeIndices.map { _ in 0.0 }
    for index in 0..<chosen.count {
      let node = Int(chosen.pointer[index])
      sums[numbering.typeCount == 1 ? 0 : numbering.type(of: node)] += Double(wanted.pointer[node]) * Double(steps)
    }
    return sums
  }

  /// At most `count` nodes that are wanted at all, by decreasing probability, equal ones by number.
  private static func mostWanted(_ wanted: Buffer<Float>, count: Int) -> [UInt32] {
    // Bits of positive floats order as they do; the complement of the number puts smaller ones first.
    var keys: [UInt64] = []
    for node in 0..<wanted.count where wanted.pointer[node] > 0 {
      keys.append(UInt64(wanted.pointer[node].bitPattern) << 32 | UInt64(~UInt32(truncatingIfNeeded: node)))
    }
    keys.sort(by: >)
    return keys.prefix(count).map { ~UInt32(truncatingIfNeeded: $0) }
  }
}
