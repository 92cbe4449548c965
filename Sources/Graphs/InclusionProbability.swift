import Glibc
public import Tensors

/// How likely every node is to be among the inputs of a sampled mini-batch.
///
/// A batch begins with its seeds; hop after hop every node that it holds takes `f` of its `d` in-edges, and the sources join it. With
/// `q₀` the probabilities of the seeds and `v` running over the out-neighbours of `u`:
/// ```
/// q[h+1](u) = 1 − (1 − q[h](u)) · Π (1 − q[h](v) · min(1, f[h] / d(v)))
/// ```
/// `q` after the last hop is the vertex-wise inclusion probability of SALIENT++ (Kaler et al., MLSys 2023, arXiv 2305.03152), for samplers
/// in which nodes that are already in the batch take in-edges again in every hop. It is exact where the events it multiplies are
/// independent; on other graphs it is a little too high or too low, since neighbours of one node are in a batch together.
///
/// Products are sums of logarithms, in whole multiples of 2⁻⁴⁰: the same bits for any number of threads and any order of edges.
/// Repeated edges count as often as they occur; an edge from a node to itself brings nobody.
public struct InclusionProbability: Sendable {
  let edges: SampledEdges
  /// In-edges that a node takes in each hop, shape (hops, relations), the seeds' own hop last.
  let limits: [[Int]]

  /// - Parameter limits: In-edges taken by sampled layer (input hop first) and relation; `Int.max` takes all.
  public init(_ edges: SampledEdges, limits: [[Int]]) {
    precondition(limits.allSatisfy { $0.count == edges.relations.count }, "a limit for each relation")
    self.edges = edges
    self.limits = limits
  }

  /// Probabilities after the last hop, shape (nodes).
  ///
  /// - Parameter seeds: Probability of every node to be a seed of the batch, shape (nodes).
  /// - Complexity: O(hops · edges) time, 20 bytes a node and 8 a destination.
  public func ofInputs(seeds: Buffer<Float>, threads: Threads) -> Buffer<Float> {
    precondition(seeds.count == edges.nodeCount, "\(seeds.count) probabilities for \(edges.nodeCount) nodes")
    var reached = seeds
    for hop in limits.indices { reached = expand(reached, hop: hop, threads: threads).reached }
    return reached
  }

  /// What one hop adds.
  struct Expansion {
    /// Probabilities after the hop, shape (nodes).
    let reached: Buffer<Float>
    /// Sums of `−log(1 − p)` over the edges out of each node, in multiples of `NegativeLog.unit`, shape (nodes).
    let hits: Buffer<UInt64>
  }

  /// - Parameters:
  ///   - hop: Distance from the seeds.
  ///   - keep: Told the `−log(1 − p)` of the edges of each destination, relation after relation.
  func expand(
    _ reached: Buffer<Float>, hop: Int, threads: Threads, keep: (_ relation: Int, _ logs: Buffer<UInt64>) -> Void = { _, _ in }
  ) -> Expansion {
    let sums = AtomicSums(count: edges.nodeCount)
    for (number, relation) in edges.relations.enumerated() {
      let logs = logs(of: relation, limit: limit(hop: hop, relation: number), reached: reached, threads: threads)
      relation.addToSources(logs, sums, threads: threads)
      keep(number, logs)
    }
    let (hits, result) = (sums.values, Buffer<Float>(count: edges.nodeCount))
    threads.forEachChunk(of: edges.nodeCount, by: 1 << 14) { nodes in
      for node in nodes {
        let before = Double(reached.pointer[node])
        result.pointer[node] = Float(before + (1 - before) * NegativeLog.probability(hits.pointer[node]))
      }
    }
    return Expansion(reached: result, hits: hits)
  }

  /// In-edges of a relation that a node takes in a hop.
  func limit(hop: Int, relation: Int) -> Int { limits[limits.count - 1 - hop][relation] }

  /// Share of a node's `degree` in-edges that are taken.
  @inline(__always)
  static func share(_ limit: Int, of degree: UInt32) -> Double {
    Int(degree) <= limit ? 1 : Double(limit) / Double(degree)
  }

  /// `−log(1 − p)` of an in-edge of each destination, `p` the probability that a batch takes it.
  private func logs(of relation: SampledEdges.Relation, limit: Int, reached: Buffer<Float>, threads: Threads) -> Buffer<UInt64> {
    let logs = Buffer<UInt64>(count: relation.destinations.count)
    let first = relation.destinations.lowerBound
    threads.forEachChunk(of: logs.count, by: 1 << 14) { rows in
      for row in rows {
        let degree = relation.degrees.pointer[row]
        guard degree > 0 else { continue }
        logs.pointer[row] = NegativeLog.fixed(Double(reached.pointer[first &+ row]) * Self.share(limit, of: degree))
      }
    }
    return logs
  }
}

/// `−log(1 − p)` as a whole number of small units, so that sums do not depend on their order.
enum NegativeLog {
  static let unit = 0x1p-40
  /// Stands for certainty: `e^−64` is nothing beside 1.
  private static let certain: UInt64 = 64 << 40

  @inline(__always)
  static func fixed(_ probability: Double) -> UInt64 {
    probability >= 1 ? certain : min(certain, UInt64((-log1p(-probability) / unit).rounded()))
  }

  /// `p` of a sum.
  @inline(__always)
  static func probability(_ sum: UInt64) -> Double { -expm1(-Double(sum) * unit) }
}
