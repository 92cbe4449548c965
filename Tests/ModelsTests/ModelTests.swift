import Graphs
import Kernels
import Models
import Tensors
import Testing

@Suite struct ModelTests {
  /// x₀ = (1, 2), x₁ = (3, 5); node 0 hears node 1 and itself, node 1 nobody. With W_self = 1, W_neighbor = 10 and b = (0.5, −0.5).
  @Test func oneLayerByHand() throws {
    let shape = ModelShape(inputColumns: 2, hidden: 2, layers: 1, classes: 2)
    let model = try Model(shape)
    var draws = Draws(0)
    var batch = Batch(shape, seeds: 2, growth: 0, draws: &draws)
    (batch.edges, batch.features, batch.labels) = ([[[[1, 0], []]]], [[1, 2], [3, 5]], [0, 1])
    let result = batch.run(model, weights: [1, 0, 0, 1, 10, 0, 0, 10, 0.5, -0.5], dropout: nil)
    #expect(result.logits == [[21.5, 36.5], [3.5, 4.5]])
  }

  @Test func parametersAreNamedAndFollowEachOther() throws {
    let layout = try Model(ModelShape(inputColumns: 3, hidden: 4, layers: 2, classes: 2, relations: ["cites", "likes"])).parameters
    #expect(
      layout.parameters.map(\.name) == [
        "layers.0.self.weight", "layers.0.neighbor.cites.weight", "layers.0.neighbor.likes.weight", "layers.0.bias",
        "layers.1.self.weight", "layers.1.neighbor.cites.weight", "layers.1.neighbor.likes.weight", "layers.1.bias",
      ])
    #expect(layout.parameters.map(\.range) == [0..<12, 12..<24, 24..<36, 36..<40, 40..<48, 48..<56, 56..<64, 64..<66])
    #expect(layout.parameters.map(\.shape) == [[3, 4], [3, 4], [3, 4], [4], [4, 2], [4, 2], [4, 2], [2]])
    #expect(layout.parameters.map(\.decays) == [true, true, true, false, true, true, true, false])
    #expect(layout.count == 66 && layout.layers == [0..<40, 40..<66])
    #expect(layout["layers.1.bias"]?.range == 64..<66 && layout["layers.2.bias"] == nil)
  }

  @Test func initialValuesFillTheirBoundAndDependOnTheSeedAlone() throws {
    let model = try Model(ModelShape(inputColumns: 50, hidden: 46, layers: 2, classes: 4))
    let values = keep(model.initialWeights(seed: 3))
    #expect(Array(values.elements) == Array(keep(model.initialWeights(seed: 3)).elements))
    #expect(Array(values.elements) != Array(keep(model.initialWeights(seed: 4)).elements))
    for parameter in model.parameters.parameters {
      let slice = values.elements[parameter.range]
      if parameter.shape.count == 1 {
        #expect(slice.allSatisfy { $0 == 0 })
      } else {
        // √(6 / (inputs + outputs)); the largest of n even draws comes within 5 % of the bound but for 0.95ⁿ.
        let bound = (6 / Float(parameter.shape[0] + parameter.shape[1])).squareRoot()
        #expect(slice.allSatisfy { abs($0) <= bound } && slice.map(abs).max()! > 0.95 * bound)
        #expect(abs(slice.reduce(0, +) / Float(slice.count)) < 4 * bound / (3 * Float(slice.count)).squareRoot())
      }
    }
    let key = RandomKey(seed: 3, purpose: .initialValue, layer: 1)
    let bound = (6 / Float(96)).squareRoot()
    #expect(values[50 * 46 + 6] == (2 * unitFloat(key.bits(id: 1, step: 0)[2]) - 1) * bound)
  }

  @Test(arguments: ModelGradientTests.shapes)
  func anEmptyBatchHasNoLogitsAndAZeroGradient(shape: ModelShape) throws {
    var draws = Draws(1)
    let model = try Model(shape)
    let batch = Batch(shape, seeds: 0, growth: 5, draws: &draws)
    let workspace = ModelWorkspace(model)
    let full = Batch(shape, seeds: 5, growth: 5, draws: &draws)
    let weights = (0..<model.parameters.count).map { _ in draws.float() }
    let key = DropoutKey(seed: 1, step: 2)
    let before = full.run(model, weights: weights, dropout: key, workspace: workspace)
    let empty = batch.run(model, weights: weights, dropout: key, workspace: workspace, threads: 2)
    #expect(empty.logits.isEmpty && empty.loss == 0 && empty.gradient == Array(repeating: 0, count: weights.count))
    #expect(full.run(model, weights: weights, dropout: key, workspace: workspace) == before)
  }

  /// Blocks of many tiles and lanes, so that there is something to divide.
  @Test(
    arguments: ModelGradientTests.learning(
      [
        ModelShape(inputColumns: 10, hidden: 12, layers: 2, classes: 16, relations: ["a", "b"], dropout: 0.5, inputDropout: 0.1),
        ModelShape(inputColumns: 10, hidden: 12, layers: 2, classes: 16, dropout: 0.5, rowNormalise: true),
        ModelShape(inputColumns: 20, hidden: 12, layers: 2, classes: 5, dropout: 0.5),
        ModelShape(
          inputColumns: 30, sparseInput: true, hidden: 8, layers: 2, classes: 5, dropout: 0.5, inputDropout: 0.2, rowNormalise: true),
      ] + ModelGradientTests.otherKinds + ModelGradientTests.optionShapes + ModelGradientTests.attentionShapes + ModelShape.withEdgeRows)
      + ModelGradientTests.inputAttentionShapes)
  func anyNumberOfThreadsGivesTheSameBits(shape: ModelShape) throws {
    var draws = Draws(9)
    let batch = Batch(shape, seeds: 1200, growth: 3000, longest: 6, draws: &draws)
    let model = try Model(shape)
    let weights = Array(keep(model.initialWeights(seed: 5)).elements)
    let key = DropoutKey(seed: 2, step: 3)
    let expected = batch.run(model, weights: weights, dropout: key, inputGradient: shape.learnsInputs)
    #expect(expected.gradient.allSatisfy(\.isFinite) && expected.gradient.contains { $0 != 0 })
    let workspace = ModelWorkspace(model)
    for threads in 2...3 {
      let found = batch.run(
        model, weights: weights, dropout: key, workspace: workspace, threads: threads, inputGradient: shape.learnsInputs)
      #expect(found == expected, "\(threads) threads")
    }
  }

  @Test func dropoutDependsOnTheStepAndEvaluationHasNone() throws {
    let shape = ModelShape(inputColumns: 6, hidden: 32, layers: 2, classes: 3, dropout: 0.5)
    var draws = Draws(2)
    let batch = Batch(shape, seeds: 6, growth: 9, draws: &draws)
    let model = try Model(shape)
    let weights = Array(keep(model.initialWeights(seed: 1)).elements)
    let first = batch.run(model, weights: weights, dropout: DropoutKey(seed: 1, step: 1))
    #expect(first == batch.run(model, weights: weights, dropout: DropoutKey(seed: 1, step: 1)))
    #expect(first != batch.run(model, weights: weights, dropout: DropoutKey(seed: 1, step: 2)))
    #expect(first != batch.run(model, weights: weights, dropout: DropoutKey(seed: 2, step: 1)))
    #expect(first != batch.run(model, weights: weights, dropout: nil))
  }

  @Test func impossibleShapesAreRefusedInOneLine() {
    let good = ModelShape(inputColumns: 3, hidden: 4, layers: 2, classes: 2)
    #expect(throws: InputError("model's classes", expected: "at least 1", found: "0")) {
      var shape = good
      shape.classes = 0
      _ = try Model(shape)
    }
    #expect(throws: InputError("model's dropout", expected: "0 up to but not 1", found: "1.0")) {
      var shape = good
      shape.dropout = 1
      _ = try Model(shape)
    }
    #expect(throws: InputError("model's relations", expected: "distinct names", found: "a,a")) {
      var shape = good
      shape.relations = ["a", "a"]
      _ = try Model(shape)
    }
  }
}
