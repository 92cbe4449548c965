public import Tensors

/// How much of a mini-batch hangs on each edge: what its destination's batches must read from elsewhere when its source lies in another
/// part, together with what is sampled below the source.
///
/// With `q` and `T` as `InclusionProbability` has them, `m[h](v)` what hop `h` of `L` adds to `−log(1 − T(v))`:
/// ```
/// g[h](u) = (q[h+1](u) − q[h](u)) / Σ m[h](v)                          nodes that join for each hit, v the out-neighbours of u
/// A[L](u) = width(u),  A[h](u) = A[h+1](u) + m[h](u) / q[h](u) · Σ g[h](t) A[h+1](t)       what lies below u, t its in-neighbours
/// weight(u → v) = Σ over h of m[h](v) · g[h](u) · A[h+1](u)
/// ```
/// An edge of the last hop carries its part of the rows that join in it; an edge nearer to the seeds also what lies below its source.
public struct EdgeUse: Sendable {
  private let hops: Int
  /// `m` by relation, shape (destinations, hops) each.
  private let taken: [Buffer<Float>]
  /// `g · A`, shape (nodes, hops).
  private let below: Buffer<Float>
  /// Sum of the weights of all edges.
  public let total: Double

  /// - Parameters:
  ///   - seeds: Probability of every node to be a seed of a batch, shape (nodes).
  ///   - widths: What a row of each node counts, from 0 to 1, shape (nodes).
  /// - Complexity: O(hops · edges) time; kept: 4 bytes for each hop and node, and for each hop and destination.
  public init(_ batches: InclusionProbability, seeds: Buffer<Float>, widths: Buffer<Float>, threads: Threads) {
    let (hops, nodes) = (batches.limits.count, batches.edges.nodeCount)
    let taken = batches.edges.relations.map { Buffer<Float>(count: $0.destinations.count * hops) }
    var gains: [Buffer<Float>] = []
    var hits: [Buffer<Float>] = []
    var reached = [seeds]
    var batch = InclusionProbability.Expansion(seeds: seeds, edges: batches.edges)
    var logs = batches.edges.relations.map { Buffer<UInt64>(count: $0.destinations.count) }
    for hop in 0..<hops {
      let before = batch
      batches.expand(&batch, hop: hop, threads: threads) { relation, next in
        for row in 0..<next.count {
          taken[relation].pointer[row &* hops &+ hop] = NegativeLog.difference(next.pointer[row], logs[relation].pointer[row])
        }
        logs[relation] = next
      }
      let added = Self.differences(batch.hits, before.hits, threads)
      gains.append(Self.gains(from: before.reached, to: batch.reached, hits: added, threads))
      hits.append(added)
      reached.append(batch.reached)
    }
    let below = Buffer<Float>(count: nodes * hops)
    var held = widths
    var total = 0.0
    for hop in (0..<hops).reversed() {
      let joined = Self.product(gains[hop], held, threads)
      for node in 0..<nodes {
        below.pointer[node &* hops &+ hop] = joined.pointer[node]
        total += Double(hits[hop].pointer[node]) * Double(joined.pointer[node])
      }
      guard hop > 0 else { break }
      let sums = Self.sums(over: batches.edges, of: joined, threads)
      held = Self.raised(held, by: sums, batches.edges, reached[hop]) { taken[$0].pointer[$1 &* hops &+ hop] }
    }
    self.hops = hops
    self.taken = taken
    self.below = below
    self.total = total
  }

  /// The weights of the edges of one relation.
  public struct Relation: Sendable {
    fileprivate let hops: Int
    fileprivate let taken: Buffer<Float>
    fileprivate let below: Buffer<Float>

    /// - Parameters:
    ///   - source: Flat number.
    ///   - destination: Counted from the first node of the relation's destinations.
    public func weight(source: Int, destination: Int) -> Double {
      var sum: Float = 0
      for hop in 0..<hops { sum += taken.pointer[destination &* hops &+ hop] * below.pointer[source &* hops &+ hop] }
      return Double(sum)
    }
  }

  /// The edges of relation number `relation`.
  public func relation(_ relation: Int) -> Relation { Relation(hops: hops, taken: taken[relation], below: below) }

  /// What a hop adds to sums of logarithms.
  private static func differences(_ next: Buffer<UInt64>, _ before: Buffer<UInt64>, _ threads: Threads) -> Buffer<Float> {
    let differences = Buffer<Float>(count: next.count)
    threads.forEachChunk(of: next.count, by: 1 << 14) { nodes in
      for node in nodes { differences.pointer[node] = NegativeLog.difference(next.pointer[node], before.pointer[node]) }
    }
    return differences
  }

  /// Nodes that join in a hop for each hit.
  private static func gains(
    from before: Buffer<Float>, to next: Buffer<Float>, hits: Buffer<Float>, _ threads: Threads
  ) -> Buffer<Float> {
    let gains = Buffer<Float>(count: before.count)
    threads.forEachChunk(of: before.count, by: 1 << 14) { nodes in
      for node in nodes where hits.pointer[node] > 0 {
        gains.pointer[node] = max(0, next.pointer[node] - before.pointer[node]) / hits.pointer[node]
      }
    }
    return gains
  }

  private static func product(_ a: Buffer<Float>, _ b: Buffer<Float>, _ threads: Threads) -> Buffer<Float> {
    let product = Buffer<Float>(count: a.count)
    threads.forEachChunk(of: a.count, by: 1 << 14) { nodes in
      for node in nodes { product.pointer[node] = a.pointer[node] * b.pointer[node] }
    }
    return product
  }

  /// What lies below each node one hop nearer to the seeds: what it held, and what joins through its in-edges.
  ///
  /// - Parameters:
  ///   - sums: What joins for each hit, summed over the in-neighbours of each destination, by relation.
  ///   - reached: Probabilities before the hop.
  ///   - taken: `m` of a relation and destination in the hop.
  private static func raised(
    _ held: Buffer<Float>, by sums: [Buffer<Float>], _ edges: SampledEdges, _ reached: Buffer<Float>, _ taken: (Int, Int) -> Float
  ) -> Buffer<Float> {
    let raised = Buffer<Float>(count: held.count)
    raised.pointer.update(from: held.pointer, count: held.count)
    for (number, relation) in edges.relations.enumerated() {
      let first = relation.destinations.lowerBound
      for row in 0..<relation.destinations.count where reached.pointer[first &+ row] > 0 {
        raised.pointer[first &+ row] += taken(number, row) / reached.pointer[first &+ row] * sums[number].pointer[row]
      }
    }
    return raised
  }

  /// Sums of `joined` over the in-neighbours of each destination, by relation.
  private static func sums(over edges: SampledEdges, of joined: Buffer<Float>, _ threads: Threads) -> [Buffer<Float>] {
    let unit = 0x1p-24
    let fixed = Buffer<UInt64>(count: joined.count)
    threads.forEachChunk(of: joined.count, by: 1 << 14) { nodes in
      for node in nodes { fixed.pointer[node] = UInt64(min(0x1p25, Double(joined.pointer[node])) / unit) }
    }
    return edges.relations.map { relation in
      let sums = AtomicSums(count: relation.destinations.count)
      relation.addToDestinations(fixed, sums, threads: threads)
      let (values, floats) = (sums.values, Buffer<Float>(count: relation.destinations.count))
      threads.forEachChunk(of: values.count, by: 1 << 14) { rows in
        for row in rows { floats.pointer[row] = Float(Double(values.pointer[row]) * unit) }
      }
      return floats
    }
  }
}
