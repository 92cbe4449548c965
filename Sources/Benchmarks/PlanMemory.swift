import Models
import Partitions

/// Bytes that one worker holds.
public struct PlanMemory: Codable, Equatable, Sendable {
  /// Files of its parts that every run reads whole: offsets, sources, numbers and degrees of nodes.
  public var graph: Double
  /// Feature rows: those of its parts, and of the parts it maps beside them.
  public var features: Double
  /// Blocks, activations and gradients of one batch, times what a measured run needed over them.
  public var workspace: Double
  /// Weights, gradients and the optimiser's state.
  public var weights: Double
  /// The program itself.
  public var program: Double

  public var total: Double { graph + features + workspace + weights + program }

  /// Peak of a run on a graph of 34 nodes, alone and as one worker of several, which has MPI, a server and connections.
  static func programBytes(workers: Int) -> Double { workers > 1 ? 46e6 : 35e6 }

  /// Bytes of the graph files of inner nodes, halo nodes and edges.
  static func graphBytes(nodes: Double, halo: Double, edges: Double) -> Double { 20 * nodes + 20 * halo + 4 * edges }

  /// Bytes of all parts: their graphs and a row of `strideBytes` for each node.
  static func partBytes(_ manifest: Manifest, strideBytes: Int) -> Double {
    let halo = Double(manifest.parts.reduce(0) { $0 + $1.haloNodes })
    return graphBytes(nodes: Double(manifest.nodeCount), halo: halo, edges: Double(manifest.edgeCount))
      + Double(strideBytes) * Double(manifest.nodeCount)
  }

  /// Bytes that forward and backward of one part's batch write: blocks and samples, and of every layer what is kept, given and
  /// differentiated.
  static func workspaceBytes(_ sizes: BatchSizes, _ shape: ModelShape) -> Double {
    var bytes = 0.0
    for (index, layer) in sizes.layers.enumerated() {
      let (inputs, outputs) = (Double(shape.inputWidth(of: index)), Double(shape.outputWidth(of: index)))
      let relations = Double(shape.relations.count)
      // Sampled ids, block rows and offsets, edges by source, numbering of rows.
      bytes += 24 * layer.edges + 40 * layer.sources + 16 * layer.destinations
      let attends = shape.kind == .gat || shape.kind == .gatv2
      let heads = shape.givesLogits(index) ? Double(shape.outputHeads) : 1
      let transformed = attends ? relations * heads * outputs : shape.kind == .sagePool ? relations * inputs : relations * outputs
      let transformsFirst = attends || shape.kind == .sagePool || shape.order(of: index) == .transformFirst
      if transformsFirst {
        bytes += 4 * layer.sources * transformed * (index > 0 || attends ? 2 : 1) + 4 * layer.destinations * outputs * 2
        if index > 0 { bytes += 4 * layer.sources * inputs }
      } else {
        let joined = (relations + (shape.kind == .sage ? 1 : 0)) * inputs
        bytes += 4 * layer.destinations * (joined * (index > 0 ? 2 : 1) + outputs)
      }
      if attends { bytes += 8 * layer.edges * Double(shape.heads) }
    }
    return bytes
  }
}
