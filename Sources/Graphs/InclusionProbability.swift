import Glibc
public import Tensors

/// How likely every node is to be among the inputs of a sampled mini-batch.
///
/// A batch begins with its seeds; in every hop each node that it holds takes `f` of its `d` in-edges, and the sources join it. With `q[0]`
/// the probabilities of the seeds and `v` running over the out-neighbours of `u`:
/// ```
/// T[h](v)   = T[h−1](v) + (q[h](v) − T[h−1](v)) · min(1, f[h] / d(v))       v has taken a given in-edge by the end of hop h, T[−1] = 0
/// q[h+1](u) = 1 − (1 − q[0](u)) · Π (1 − T[h](v))                           u is in the batch after hop h
/// ```
/// `q` after the last hop is the vertex-wise inclusion probability of SALIENT++ (Kaler et al., MLSys 2023, arXiv 2305.03152), for samplers
/// in which nodes that are already in the batch take in-edges again in every hop. It is exact where no node has two ways into a batch that
/// depend on each other, as in trees; elsewhere it is near, and too high where edges lead back to where the batch came
/// from: in all by up to a tenth in graphs of small groups.
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
  /// - Complexity: O(hops · edges) time, 16 bytes a node and 12 for each relation and destination.
  public func ofInputs(seeds: Buffer<Float>, threads: Threads) -> Buffer<Float> {
    var batch = Expansion(seeds: seeds, edges: edges)
    for hop in limits.indices { expand(&batch, hop: hop, threads: threads) }
    return batch.reached
  }

  /// A batch after some hops.
  struct Expansion {
    let seeds: Buffer<Float>
    /// `q`, shape (nodes).
    fileprivate(set) var reached: Buffer<Float>
    /// Sums of `−log(1 − T)` over the edges out of each node, in multiples of `NegativeLog.unit`, shape (nodes).
    fileprivate(set) var hits: Buffer<UInt64>
    /// `T` by relation, shape (destinations) each.
    fileprivate let taken: [Buffer<Float>]

    init(seeds: Buffer<Float>, edges: SampledEdges) {
      precondition(seeds.count == edges.nodeCount, "\(seeds.count) probabilities for \(edges.nodeCount) nodes")
      self.seeds = seeds
      reached = seeds
      hits = Buffer(count: seeds.count)
      taken = edges.relations.map { Buffer(count: $0.destinations.count) }
    }
  }

  /// Adds a hop.
  ///
  /// - Parameters:
  ///   - hop: Distance from the seeds.
  ///   - keep: Told the `−log(1 − T)` of each destination, relation after relation.
  func expand(
    _ batch: inout Expansion, hop: Int, threads: Threads, keep: (_ relation: Int, _ logs: Buffer<UInt64>) -> Void = { _, _ in }
  ) {
    let sums = AtomicSums(count: edges.nodeCount)
    for (number, relation) in edges.relations.enumerated() {
      let limit = limits[limits.count - 1 - hop][number]
      let logs = Self.take(limit, of: relation, reached: batch.reached, taken: batch.taken[number], threads: threads)
      relation.addToSources(logs, sums, threads: threads)
      keep(number, logs)
    }
    let (seeds, hits, result) = (batch.seeds, sums.values, Buffer<Float>(count: edges.nodeCount))
    threads.forEachChunk(of: edges.nodeCount, by: 1 << 14) { nodes in
      for node in nodes {
        let seed = Double(seeds.pointer[node])
        result.pointer[node] = Float(seed + (1 - seed) * NegativeLog.probability(hits.pointer[node]))
      }
    }
    batch.reached = result
    batch.hits = hits
  }

  /// Lets every destination take `limit` of its in-edges; returns `−log(1 − T)`.
  private static func take(
    _ limit: Int, of relation: SampledEdges.Relation, reached: Buffer<Float>, taken: Buffer<Float>, threads: Threads
  ) -> Buffer<UInt64> {
    let logs = Buffer<UInt64>(count: relation.destinations.count)
    let first = relation.destinations.lowerBound
    threads.forEachChunk(of: logs.count, by: 1 << 14) { rows in
      for row in rows {
        let degree = Int(relation.degrees.pointer[row])
        guard degree > 0 else { continue }
        let share = degree <= limit ? 1 : Double(limit) / Double(degree)
        let before = Double(taken.pointer[row])
        let now = Float(before + max(0, Double(reached.pointer[first &+ row]) - before) * share)
        taken.pointer[row] = now
        logs.pointer[row] = NegativeLog.fixed(Double(now))
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

  /// What `next` has more than `before`.
  @inline(__always)
  static func difference(_ next: UInt64, _ before: UInt64) -> Float { next > before ? Float(Double(next - before) * unit) : 0 }

  /// `p` of a sum.
  @inline(__always)
  static func probability(_ sum: UInt64) -> Double { -expm1(-Double(sum) * unit) }
}
