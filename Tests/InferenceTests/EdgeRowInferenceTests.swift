import Models
import Partitions
import Tensors
import Testing

/// Exact inference of models that read rows of edges.
@Suite struct EdgeRowInferenceTests {
  private static func graph(seed: Int) -> RandomGraph {
    var graph = LayerwiseInferenceTests.graph(seed: seed)
    graph.edgeColumns = [[3], [7], [1]][seed % 3]
    if graph.relations.count == 2 { graph.edgeColumns = [[0, 2], [4, 0], [6, 3]][seed / 4 % 3] }
    return graph
  }

  private static func shape(seed: Int, graph: RandomGraph) -> ModelShape {
    var shape = LayerwiseInferenceTests.shape(.sage, seed: seed, graph: graph)
    shape.edgeColumns = graph.edgeColumns
    return shape
  }

  @Test(arguments: 0..<24)
  func equalsTheDenseComputation(seed: Int) throws {
    let graph = Self.graph(seed: seed)
    let parts = 1 + seed % 4
    let scratch = try ScratchDirectory()
    let directory = scratch.path + "/parts"
    try graph.partition(into: parts, at: directory, seed: UInt64(seed))
    let model = try Model(Self.shape(seed: seed, graph: graph))
    let weights = InferenceRun.weights(model, seed: UInt64(seed))
    let expected = FullGraphReference(graph, model, weights).outputs().logits
    let alone = try InferenceRun(directory: directory, model: model, weights: weights).logits(.store)
    #expect(alone.count == graph.nodes)
    let scale = expected.flatMap { $0 }.map(abs).max()!
    for (node, row) in alone {
      for (found, wanted) in zip(row, expected[node]) { #expect(abs(Double(found) - wanted) <= 1e-5 * scale, "node \(node)") }
    }
    for workers in 1...parts {
      for source in [InferenceRun.Source.store, .tables] {
        let run = InferenceRun(directory: directory, model: model, weights: weights, workers: workers, threads: 1 + workers % 2)
        #expect(try run.logits(source) == alone, "\(workers) workers, \(source), same bits")
      }
    }
  }

  /// Numbers that a narrow type holds exactly give the bits of float32.
  @Test(arguments: [ElementType.float16, .bfloat16])
  func storedTypesOfEdgeRows(type: ElementType) throws {
    let scratch = try ScratchDirectory()
    for seed in [0, 2, 7] {
      let graph = Self.graph(seed: seed)
      let (exact, narrow) = ("\(scratch.path)/exact-\(seed)", "\(scratch.path)/narrow-\(seed)")
      try graph.partition(into: 3, at: exact, seed: 1)
      try graph.partition(into: 3, at: narrow, seed: 1, types: TableTypes(byTable: ["bond": type]))
      let stored = try Manifest.load(narrow).edgeTables
      #expect(stored.map(\.elementType) == stored.map { $0.layout == .sparse ? .float32 : type })
      let model = try Model(Self.shape(seed: seed, graph: graph))
      let weights = InferenceRun.weights(model, seed: 5)
      let expected = try InferenceRun(directory: exact, model: model, weights: weights).logits(.tables)
      #expect(try InferenceRun(directory: narrow, model: model, weights: weights, workers: 3).logits(.tables) == expected)
    }
  }
}
