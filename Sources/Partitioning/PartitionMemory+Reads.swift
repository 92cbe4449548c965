import Graphs
import Partitions
import Tensors

extension PartitionMemory {
  /// What weighing edges, expecting reads and keeping replicas take besides, in bytes; nothing where none of it is asked for.
  struct Reads: Sendable {
    private let nodes: Int
    private let parts: Int
    private let threads: Int
    /// Destinations of all relations.
    private let destinations: Int
    private let seeds: Int
    /// Sampled layers; `nil` where nobody asks for reads.
    private let hops: Int?
    /// Replicas of all parts.
    private let wanted: Int
    private let haloHops: Int
    /// Whether edges weigh what is read over them, or what the input says.
    let weighsEdges: Bool

    init(_ graph: RawGraph, _ options: PartitionOptions, threads: Threads) {
      nodes = graph.nodes.reduce(0) { $0 + $1.count }
      parts = options.partCount
      self.threads = threads.count
      destinations = graph.schema.relations.reduce(0) { $0 + graph.nodes[$1.destination].count }
      let trained = graph.nodes.indices.reduce(0) { $0 + graph.defaultSplit(ofType: $1).train.count }
      seeds = trained > 0 ? trained : nodes
      hops = options.batches?.limits.count
      wanted = Int(options.replicas * Double(nodes))
      haloHops = options.haloHops
      weighsEdges = options.objective != .edges
    }

    /// While edges are weighed (`EdgeUse`), and of it what stays until all of them are.
    var weighing: (peak: Int, kept: Int) {
      guard let hops, weighsEdges else { return (0, 0) }
      return ((16 * hops + 44) * nodes + (4 * hops + 36) * destinations, (4 * hops + 8) * nodes + 4 * hops * destinations)
    }

    /// While reads are expected (`ReadForecast`), with what the assignment holds.
    var expecting: Int { hops == nil ? 0 : 44 * nodes + 16 * destinations + 24 * seeds + 4 * wanted }

    /// While replicas are chosen and written, of which every part may need all nodes as sources (`ReplicaSets`).
    ///
    /// - Parameter haloNodes: Halo nodes of all parts.
    func replicas(haloNodes: Int) -> Int {
      guard wanted > 0 || haloHops > 0 else { return 0 }
      let near = haloHops == 0 ? 0 : haloHops == 1 ? haloNodes : (parts - 1) * nodes
      let sets = 20 * wanted + 16 * min(wanted + near, (parts - 1) * nodes) + 8 * parts * nodes + 3 * parts * nodes / 16
      return sets + threads * (haloHops > 1 ? 40 : 12) * nodes
    }
  }
}
