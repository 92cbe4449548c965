import Inference
import Models
import PIM
import Tensors
import Testing

/// Exact inference whose sums run on a simulated machine.
@Suite struct MachineInferenceTests {
  private static let kinds: [ModelShape.Kind] = [.sage, .gcn, .gin]

  private static var topology: PIMTopology {
    var topology = PIMTopology.generic
    (topology.coresOfRanks, topology.modules) = ([3, 2], 1)
    return topology
  }

  @Test(arguments: 0..<12)
  func integersHaveTheBitsOfTheProcessorsAndFloatsAreNear(seed: Int) throws {
    let graph = LayerwiseInferenceTests.graph(seed: seed)
    let parts = 1 + seed % 3
    let scratch = try ScratchDirectory()
    let directory = scratch.path + "/parts"
    try graph.partition(into: parts, at: directory, seed: UInt64(seed))
    for kind in Self.kinds {
      let model = try Model(LayerwiseInferenceTests.shape(kind, seed: seed, graph: graph))
      var run = InferenceRun(directory: directory, model: model, weights: InferenceRun.weights(model, seed: UInt64(seed)))
      let processors = try run.logits(.store)
      let scale = processors.values.joined().map(abs).max()!
      for type in PIMElementType.allCases {
        (run.workers, run.threads) = (1, 1)
        if type == .float32 {
          run.aggregator = try PIMMachine(Self.topology, type)
        } else {
          run.aggregator = QuantisedReference(type: type)
        }
        let expected = try run.logits(.store)
        for (node, row) in expected where type == .float32 {
          for (found, wanted) in zip(row, processors[node]!) { #expect(abs(found - wanted) <= 1e-4 * scale, "\(kind), node \(node)") }
        }
        for workers in 1...parts {
          (run.workers, run.threads) = (workers, 1 + workers % 2)
          run.aggregator = try PIMMachine(Self.topology, type)
          let source = workers % 2 == 0 ? InferenceRun.Source.store : .tables
          #expect(try run.logits(source) == expected, "\(kind), \(type), \(workers) of \(parts) workers")
        }
      }
    }
  }

  /// A machine gets a part's layer as a whole: the least memory is that of a whole part.
  @Test func theLeastMemoryHoldsAPart() throws {
    let graph = RandomGraph(seed: 3, nodes: 2100, edges: 5000, columns: 6)
    let scratch = try ScratchDirectory()
    try graph.partition(into: 2, at: scratch.path + "/parts", seed: 1)
    let model = try Model(ModelShape(kind: .sage, inputColumns: 6, hidden: 8, layers: 2, classes: 3, relations: graph.relationNames))
    var run = InferenceRun(directory: scratch.path + "/parts", model: model, weights: InferenceRun.weights(model, seed: 1))
    let steps = InferenceSteps(model)
    let processors = try run.forEachWorker(.tables) { inference, _, _, _ in inference.leastMemory(steps) }[0]
    run.aggregator = try PIMMachine(Self.topology, .int8)
    _ = try run.forEachWorker(.tables) { inference, parts, _, _ in
      let least = inference.leastMemory(steps)
      #expect(least > processors)
      let memory = try inference.memory(budget: least, steps: steps)
      #expect(memory.chunkRows.allSatisfy { chunk in parts.allSatisfy { $0.innerCount <= chunk } })
      #expect(throws: InputError.self) { try inference.memory(budget: least - 1, steps: steps) }
      return 0
    }
  }

  @Test func aLayerThatFitsNoBankEndsTheInference() throws {
    let graph = RandomGraph(seed: 1, nodes: 60, edges: 200, columns: 6)
    let scratch = try ScratchDirectory()
    try graph.partition(into: 1, at: scratch.path + "/parts", seed: 1)
    let model = try Model(ModelShape(kind: .gcn, inputColumns: 6, hidden: 8, layers: 2, classes: 3, relations: graph.relationNames))
    var run = InferenceRun(directory: scratch.path + "/parts", model: model, weights: InferenceRun.weights(model, seed: 1))
    var topology = Self.topology
    topology.bankBytes = 64
    run.aggregator = try PIMMachine(topology, .int32)
    let refused = run
    let error = #expect(throws: InputError.self) { try refused.logits(.tables) }
    #expect(error?.place == "--aggregate pim:generic")
  }
}
