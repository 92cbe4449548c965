public import Graphs
public import Tensors

/// One hop of one step: how many in-edges of each relation a destination takes, and the keys that choose them.
public struct HopSampler: Sendable {
  /// In-edges taken per destination, by relation; `Int.max` takes all.
  public let limits: [Int]
  private let pickers: [NeighborPicker]
  /// What the samples are for: training and evaluation draw independently.
  public let purpose: RandomPurpose
  /// Distance from the seeds.
  public let hop: Int
  public let step: UInt32
  /// Whether the degrees of nodes in the whole graph are asked for as well.
  public let wantsDegrees: Bool
  /// What samples may be for.
  public static let purposes: [RandomPurpose] = [.sample, .evaluation]
  /// Destinations that a thread samples at a time.
  public static let chunk = 256

  /// - Parameters:
  ///   - hop: Distance from the seeds: their own in-edges are hop 0.
  ///   - step: Step of the run.
  public init(seed: UInt64, purpose: RandomPurpose = .sample, hop: Int, step: UInt32, limits: [Int], wantsDegrees: Bool = false) {
    precondition(Self.purposes.contains(purpose), "samples for \(purpose)")
    self.purpose = purpose
    self.wantsDegrees = wantsDegrees
    self.limits = limits
    self.hop = hop
    self.step = step
    pickers = limits.indices.map { relation in
      NeighborPicker(key: RandomKey(seed: seed, purpose: purpose, layer: hop, relation: relation), step: step)
    }
  }

  public var relationCount: Int { limits.count }

  /// Writes how many in-edges of each relation inner node `local` takes, and has where degrees are wanted; returns the sum of
  /// those taken.
  @discardableResult
  public func count(
    _ local: Int, in edges: InEdges, into counts: UnsafeMutablePointer<UInt32>, degrees: UnsafeMutablePointer<UInt32>? = nil
  ) -> Int {
    var total = 0
    for relation in limits.indices {
      let degree = edges.edges(of: local, relation: relation).count
      let taken = min(limits[relation], degree)
      counts[relation] = UInt32(taken)
      degrees?[relation] = UInt32(degree)
      total += taken
    }
    return total
  }

  /// Writes the global ids of the sampled sources of inner node `local`, in canonical order, as many as `count` said; and their
  /// in-degrees in the whole graph where they are wanted.
  public func sample(
    _ local: Int, in edges: InEdges, into sources: UnsafeMutablePointer<GlobalID>, degrees: UnsafeMutablePointer<UInt32>? = nil
  ) {
    var place = 0
    for relation in limits.indices {
      let range = edges.edges(of: local, relation: relation)
      let limit = limits[relation]
      if range.count <= limit {
        let taken = range.count
        Self.write(taken, edges, into: sources + place, degrees: degrees.map { $0 + place }) { range.lowerBound &+ $0 }
        place &+= taken
      } else if limit > 0 {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: limit) { positions in
          let picks = positions.baseAddress!
          pickers[relation].pick(limit, of: range.count, id: UInt64(edges.original.pointer[local]), into: picks)
          Self.write(limit, edges, into: sources + place, degrees: degrees.map { $0 + place }) { range.lowerBound &+ Int(picks[$0]) }
        }
        place &+= limit
      }
    }
  }

  /// Writes the sources of `count` edges, and their degrees where they are wanted.
  ///
  /// - Parameter edge: Number of the edge at a place.
  @inline(__always)
  private static func write(
    _ count: Int, _ edges: InEdges, into sources: UnsafeMutablePointer<GlobalID>, degrees: UnsafeMutablePointer<UInt32>?,
    edge: (Int) -> Int
  ) {
    let (indices, halo) = (edges.indices.pointer, edges.halo.pointer)
    let (innerCount, first) = (edges.innerCount, edges.firstGlobalID)
    for place in 0..<count {
      let source = Int(indices[edge(place)])
      sources[place] = GlobalID(source < innerCount ? first &+ Int64(source) : halo[source &- innerCount])
    }
    guard let degrees else { return }
    let (own, halos) = (edges.degrees.pointer, edges.haloDegrees.pointer)
    for place in 0..<count {
      let source = Int(indices[edge(place)])
      degrees[place] = source < innerCount ? own[source] : halos[source &- innerCount]
    }
  }
}
