import Kernels
import Tensors

/// A small graph with hubs on a small machine, every strategy run on it: what the tuner's choice is compared with.
package struct TunerOracle {
  private let sources: Buffer<UInt32>
  private let offsets: Buffer<UInt32>
  private let topology: PIMTopology
  private let nodes: Int
  private let columns = 16

  package init(seed: UInt64, nodes: Int = 600) {
    self.nodes = nodes
    var machine = PIMTopology.upmem1992
    machine.coresOfRanks = [4, 4, 4, 4]
    topology = machine
    let key = RandomKey(seed: seed, purpose: .generator)
    let sequence = DegreeSequence(
      "oracle", nodes: nodes, edges: nodes * 20, least: 0, largest: nodes / 2, deviation: Double(24 + 3 * (seed % 4)))
    let degrees = sequence.degrees(seed: seed)
    offsets = Buffer(count: nodes + 1)
    sources = Buffer(count: nodes * 20)
    for node in 0..<nodes { offsets.pointer[node + 1] = offsets.pointer[node] + degrees[node] }
    for edge in 0..<nodes * 20 {
      // Half of the edges come from the first sixteenth of the nodes.
      let bits = key.bits(id: UInt64(edge), step: 1)
      sources.pointer[edge] = boundedIndex(bits[0], below: UInt32(bits[1] & 1 == 0 ? nodes / 16 : nodes))
    }
  }

  /// Modelled times of the tuner's choices over that of the best strategy, all from functional runs: of the choice for the graph, and of
  /// that for the degrees of its destinations alone, to which hubs among the sources are invisible.
  package func ratios() throws -> (graph: Double, degreesAlone: Double) {
    let edges = Neighborhood(destinationCount: nodes, indptr: offsets.pointer, sources: sources.pointer)
    let degrees = ArrayView((0..<nodes).map { offsets[$0 + 1] - offsets[$0] })
    let tuner = PIMTuner(topology)
    guard
      let known = tuner.best(PIMDegrees(edges, sourceCount: nodes), columns: columns),
      let guessed = tuner.best(PIMDegrees(degrees, sourceCount: nodes), columns: columns)
    else { return (.infinity, .infinity) }
    let inputs = [Int32](repeating: 1, count: nodes * columns)
    var out = [Int32](repeating: 0, count: nodes * columns)
    var totals: [PIMStrategy: Double] = [:]
    for strategy in tuner.candidates(columns: columns) {
      totals[strategy] = try inputs.withUnsafeBufferPointer { inputs in
        try out.withUnsafeMutableBufferPointer { out in
          try PIMAggregation(topology, strategy).run(
            edges, sourceCount: nodes, columns: columns, inputs: inputs.baseAddress!, into: out.baseAddress!, threads: Threads(1)
          ).total
        }
      }
    }
    let best = totals.values.min() ?? 0
    return withExtendedLifetime((offsets, sources)) {
      ((totals[known.strategy] ?? .infinity) / best, (totals[guessed.strategy] ?? .infinity) / best)
    }
  }
}
