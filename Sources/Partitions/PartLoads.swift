public import Graphs
public import Tensors

/// How much of one constraint each part holds.
public struct PartLoads: Hashable, Sendable {
  /// One count per part.
  public let counts: [Int]

  public init(counts: [Int]) { self.counts = counts }

  /// Counts `constraint` in every part.
  ///
  /// - Parameter parts: Part of each node by flat number, every value below `partCount`.
  /// - Precondition: The table of a weight is fit to be balanced (`PartitionOptions.validate`).
  /// - Complexity: O(nodes) time, O(edges) for `edges`; k counters per chunk of the loop.
  public init(of constraint: BalanceConstraint, graph: RawGraph, parts: [UInt16], partCount: Int, threads: Threads) {
    let numbering = NodeNumbering(graph)
    precondition(parts.count == numbering.count, "\(parts.count) parts for \(numbering.count) nodes")
    var counts = [Int](repeating: 0, count: partCount)
    switch constraint {
    case .nodes:
      for part in parts { counts[Int(part)] += 1 }
    case .nodeType(let type):
      for part in parts[numbering.range(of: type)] { counts[Int(part)] += 1 }
    case .train, .validation, .test:
      for type in graph.nodes.indices {
        for id in graph.defaultSplit(ofType: type).nodes(of: constraint) { counts[Int(parts[numbering.offsets[type] + Int(id)])] += 1 }
      }
    case .edges:
      counts = Self.inEdges(graph: graph, numbering: numbering, parts: parts, partCount: partCount, threads: threads)
    case .weight(let table):
      guard let column = try? WeightColumn(table, of: graph) else { preconditionFailure("table '\(table)' cannot be balanced") }
      for (node, part) in parts.enumerated() { counts[Int(part)] += Int(column.loads.pointer[node]) }
    }
    self.counts = counts
  }

  public var total: Int { counts.reduce(0, +) }

  public var largest: Int { counts.max() ?? 0 }

  /// Largest part over the mean part; 1 when nothing is counted.
  public var imbalance: Double {
    let total = total
    return total == 0 ? 1 : Double(largest) * Double(counts.count) / Double(total)
  }

  /// The most that a part may hold: `(1 + tolerance) · total / k`, or `⌈total / k⌉` when whole numbers allow nothing lower.
  public static func limit(total: Int, partCount: Int, tolerance: Double) -> Int {
    // The term of 1e-9 keeps 1.05 · 100 from becoming 104.
    let allowed = Double(total) / Double(partCount) * (1 + tolerance) * (1 + 1e-9)
    return max(Int(min(allowed, Double(total))), (total + partCount - 1) / partCount)
  }

  private static func inEdges(
    graph: RawGraph, numbering: NodeNumbering, parts: [UInt16], partCount: Int, threads: Threads
  ) -> [Int] {
    let chunk = max(1 << 20, partCount)
    var sums = [Int](repeating: 0, count: partCount)
    for (relation, edges) in zip(graph.schema.relations, graph.edges) {
      let chunks = (edges.count + chunk - 1) / chunk
      let partials = Buffer<Int>(count: chunks * partCount)
      let offset = numbering.offsets[relation.destination]
      parts.withUnsafeBufferPointer { parts in
        nonisolated(unsafe) let owners = parts.baseAddress! + offset
        threads.forEachChunk(of: edges.count, by: chunk) { range in
          let counters = partials.pointer + range.lowerBound / chunk * partCount
          let destinations = edges.destinations.pointer
          for edge in range { counters[Int(owners[Int(destinations[edge])])] += 1 }
        }
      }
      for index in 0..<chunks * partCount { sums[index % partCount] += partials.pointer[index] }
    }
    return sums
  }
}

extension Split {
  /// The set that a split constraint counts.
  package func nodes(of constraint: BalanceConstraint) -> [UInt32] {
    switch constraint {
    case .train: train
    case .validation: validation
    case .test: test
    case .nodes, .edges, .nodeType, .weight: preconditionFailure("\(constraint) is not a split")
    }
  }
}
