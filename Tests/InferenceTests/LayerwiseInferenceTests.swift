import Models
import Partitions
import Tensors
import Testing

/// Exact inference against a dense float64 computation, on random graphs cut at random.
@Suite struct LayerwiseInferenceTests {
  /// Options that change with the seed, so that fifty graphs see most pairs of them.
  static func shape(_ kind: ModelShape.Kind, seed: Int, graph: RandomGraph) -> ModelShape {
    var shape = ModelShape(
      kind: kind, inputColumns: graph.columns, sparseInput: graph.isSparse, hidden: seed % 2 == 0 ? 8 : 4, layers: 1 + seed % 3, classes: 3,
      relations: graph.relationNames, rowNormalise: graph.isSparse && seed % 2 == 0)
    shape.activation = ModelShape.Activation.allCases[seed % 3]
    shape.jump = ModelShape.Jump.allCases[seed / 3 % 4]
    shape.norm = seed / 2 % 3 == 1 ? .layer : .none
    shape.residual = seed % 4 == 1
    shape.l2Normalise = seed % 5 == 2
    shape.selfLoops = seed % 3 != 2
    shape.learnEpsilon = seed % 2 == 1
    if kind == .gat || kind == .gatv2 { (shape.heads, shape.outputHeads) = (2, 1 + seed % 2) }
    return shape
  }

  static func graph(seed: Int) -> RandomGraph {
    RandomGraph(
      seed: UInt64(seed), nodes: 5 + seed * 7 % 40, edges: 12 + seed * 11 % 90, columns: seed % 2 == 0 ? 5 : 12,
      relations: seed % 4 == 3 ? 2 : 1, isSparse: seed % 5 == 4)
  }

  /// Stored rows of any type: from mapped files, or exchanged as they are stored, the same bits; near to float32.
  @Test(arguments: [ElementType.float16, .bfloat16, .int8])
  func storedTypesGiveTheSameBitsFromEverySource(type: ElementType) throws {
    let scratch = try ScratchDirectory()
    for (seed, columns) in [1, 2, 5, 7, 33].enumerated() {
      let graph = RandomGraph(seed: UInt64(seed), nodes: 40, edges: 150, columns: columns)
      let (directory, exact) = ("\(scratch.path)/parts-\(columns)", "\(scratch.path)/exact-\(columns)")
      try graph.partition(into: 4, at: directory, seed: 2, types: TableTypes(type))
      try graph.partition(into: 4, at: exact, seed: 2)
      for kind in ModelShape.Kind.allCases {
        var shape = Self.shape(kind, seed: seed, graph: graph)
        shape.rowNormalise = seed == 3
        let model = try Model(shape)
        let weights = InferenceRun.weights(model, seed: UInt64(seed))
        let alone = try InferenceRun(directory: directory, model: model, weights: weights).logits(.store)
        for workers in 1...4 {
          for source in [InferenceRun.Source.store, .tables] {
            let run = InferenceRun(directory: directory, model: model, weights: weights, workers: workers, threads: 1 + workers % 2)
            #expect(try run.logits(source) == alone, "\(kind), \(columns) columns: \(workers) workers, \(source)")
          }
        }
        // A single int8 element is 127 times the scale of its row: nearly nothing is lost.
        let rounds = try InferenceRun(directory: exact, model: model, weights: weights).logits(.store) != alone
        #expect(rounds || columns == 1 && type == .int8, "\(kind), \(columns) columns: rounding shows")
      }
    }
  }

  @Test(arguments: 0..<50)
  func equalsTheDenseComputation(seed: Int) throws {
    let graph = Self.graph(seed: seed)
    let parts = 1 + seed % 4
    let scratch = try ScratchDirectory()
    let directory = scratch.path + "/parts"
    try graph.partition(into: parts, at: directory, seed: UInt64(seed))
    for kind in ModelShape.Kind.allCases {
      let model = try Model(Self.shape(kind, seed: seed, graph: graph))
      let weights = InferenceRun.weights(model, seed: UInt64(seed))
      let expected = FullGraphReference(graph, model, weights).outputs().logits
      let alone = try InferenceRun(directory: directory, model: model, weights: weights).logits(.store)
      #expect(alone.count == graph.nodes)
      let scale = expected.flatMap { $0 }.map(abs).max()!
      var error = 0.0
      for (node, row) in alone {
        for (found, wanted) in zip(row, expected[node]) { error = max(error, abs(Double(found) - wanted)) }
      }
      #expect(error <= 1e-5 * scale, "\(kind) on \(parts) parts: \(error) of \(scale)")
      for workers in 1...parts {
        for source in [InferenceRun.Source.store, .tables] {
          let run = InferenceRun(directory: directory, model: model, weights: weights, workers: workers, threads: 1 + workers % 2)
          #expect(try run.logits(source) == alone, "\(kind): \(workers) workers, \(source), same bits")
        }
      }
    }
  }
}
