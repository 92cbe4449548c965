public import Graphs
import Tensors

/// One hop of one step: how many in-edges of each relation a destination takes, and the keys that choose them.
public struct HopSampler: Sendable {
  /// In-edges taken per destination, by relation; `Int.max` takes all.
  public let limits: [Int]
  private let pickers: [NeighborPicker]
  /// Distance from the seeds.
  public let hop: Int
  public let step: UInt32
  /// Destinations that a thread samples at a time.
  public static let chunk = 256

  /// - Parameters:
  ///   - hop: Distance from the seeds: their own in-edges are hop 0.
  ///   - step: Step of the run.
  public init(seed: UInt64, hop: Int, step: UInt32, limits: [Int]) {
    self.limits = limits
    self.hop = hop
    self.step = step
    pickers = limits.indices.map { relation in
      NeighborPicker(key: RandomKey(seed: seed, purpose: .sample, layer: hop, relation: relation), step: step)
    }
  }

  public var relationCount: Int { limits.count }

  /// Writes how many in-edges of each relation inner node `local` takes; returns their sum.
  @discardableResult
  public func count(_ local: Int, in edges: InEdges, into counts: UnsafeMutablePointer<UInt32>) -> Int {
    var total = 0
    for relation in limits.indices {
      let taken = min(limits[relation], edges.edges(of: local, relation: relation).count)
      counts[relation] = UInt32(taken)
      total += taken
    }
    return total
  }

  /// Writes the global ids of the sampled sources of inner node `local`, in canonical order; as many as `count` said.
  public func sample(_ local: Int, in edges: InEdges, into sources: UnsafeMutablePointer<GlobalID>) {
    let innerCount = edges.innerCount
    let indices = edges.indices.pointer
    let halo = edges.halo.pointer
    var output = sources
    for relation in limits.indices {
      let range = edges.edges(of: local, relation: relation)
      let limit = limits[relation]
      if range.count <= limit {
        for edge in range {
          let index = Int(indices[edge])
          output.pointee = GlobalID(index < innerCount ? edges.firstGlobalID &+ Int64(index) : halo[index &- innerCount])
          output += 1
        }
      } else if limit > 0 {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: limit) { positions in
          let picks = positions.baseAddress!
          pickers[relation].pick(limit, of: range.count, id: UInt64(edges.original.pointer[local]), into: picks)
          for pick in 0..<limit {
            let index = Int(indices[range.lowerBound &+ Int(picks[pick])])
            output.pointee = GlobalID(index < innerCount ? edges.firstGlobalID &+ Int64(index) : halo[index &- innerCount])
            output += 1
          }
        }
      }
    }
  }
}
