import Models
import Tensors
import Testing

/// The whole gradient against central differences of an independent float64 model.
@Suite struct ModelGradientTests {
  static let shapes =
    learning(
      sageShapes + otherKinds + optionShapes + attentionShapes + ModelShape.withEdgeRows) + inputAttentionShapes

  /// Learns the input rows wherever they can be learned, so that their gradient is looked at as well.
  static func learning(_ shapes: [ModelShape]) -> [ModelShape] {
    shapes.map { shape in shape.with { $0.learnsInputs = !shape.sparseInput && !shape.rowNormalise } }
  }

  static let sageShapes: [ModelShape] = [
    // Aggregate first throughout, then transform first in the last layer.
    ModelShape(inputColumns: 3, hidden: 5, layers: 2, classes: 7),
    ModelShape(inputColumns: 4, hidden: 9, layers: 3, classes: 3, dropout: 0.4),
    // Transform first: wide rows, and rows wider than everything with one layer.
    ModelShape(inputColumns: 11, hidden: 5, layers: 2, classes: 2, dropout: 0.3, inputDropout: 0.25),
    ModelShape(inputColumns: 9, hidden: 1, layers: 1, classes: 4),
    // Several relations.
    ModelShape(inputColumns: 3, hidden: 6, layers: 2, classes: 3, relations: ["cites", "writes", "likes"], dropout: 0.5),
    ModelShape(inputColumns: 8, hidden: 4, layers: 3, classes: 3, relations: ["a", "b"], inputDropout: 0.5),
    // Sparse input, with everything on.
    ModelShape(inputColumns: 12, sparseInput: true, hidden: 4, layers: 2, classes: 3),
    ModelShape(
      inputColumns: 6, sparseInput: true, hidden: 8, layers: 3, classes: 3, relations: ["a", "b"], dropout: 0.5, inputDropout: 0.3,
      rowNormalise: true),
    // Dense rows normalised in place, both orders, with and without dropout.
    ModelShape(inputColumns: 4, hidden: 5, layers: 2, classes: 3, rowNormalise: true),
    ModelShape(inputColumns: 7, hidden: 5, layers: 2, classes: 3, inputDropout: 0.3, rowNormalise: true),
    ModelShape(inputColumns: 7, hidden: 5, layers: 2, classes: 3, rowNormalise: true),
    // A width of one everywhere.
    ModelShape(inputColumns: 1, hidden: 1, layers: 2, classes: 2, dropout: 0.5),
  ]

  /// Every other convolution: aggregate first and transform first, several relations, sparse and normalised input.
  static let otherKinds: [ModelShape] =
    [ModelShape.Kind.sagePool, .gcn, .gin].flatMap { kind in
      [
        ModelShape(kind: kind, inputColumns: 3, hidden: 5, layers: 2, classes: 7),
        ModelShape(kind: kind, inputColumns: 7, hidden: 5, layers: 2, classes: 2, dropout: 0.3, inputDropout: 0.25),
        ModelShape(kind: kind, inputColumns: 3, hidden: 5, layers: 3, classes: 6, relations: ["a", "b"], dropout: 0.3),
        ModelShape(kind: kind, inputColumns: 6, hidden: 4, layers: 2, classes: 3, relations: ["a", "b", "c"]),
        ModelShape(kind: kind, inputColumns: 8, sparseInput: true, hidden: 4, layers: 2, classes: 3, inputDropout: 0.3, rowNormalise: true),
        ModelShape(kind: kind, inputColumns: 8, sparseInput: true, hidden: 3, layers: 2, classes: 3, relations: ["a", "b"]),
        ModelShape(kind: kind, inputColumns: 4, hidden: 5, layers: 2, classes: 3, rowNormalise: true),
        ModelShape(kind: kind, inputColumns: 7, hidden: 5, layers: 1, classes: 3, rowNormalise: true),
      ]
    } + [
      ModelShape(kind: .gcn, inputColumns: 3, hidden: 5, layers: 2, classes: 2).with { $0.selfLoops = false },
      ModelShape(kind: .gin, inputColumns: 3, hidden: 4, layers: 2, classes: 6, relations: ["a", "b"]).with { $0.learnEpsilon = true },
      ModelShape(kind: .gin, inputColumns: 6, hidden: 4, layers: 2, classes: 2).with { $0.learnEpsilon = true },
      ModelShape(kind: .gin, inputColumns: 6, sparseInput: true, hidden: 4, layers: 2, classes: 2).with { $0.learnEpsilon = true },
    ]

  /// What follows a convolution, with one that aggregates first and one that transforms first.
  static let optionShapes: [ModelShape] = [(ModelShape.Kind.sage, 4), (.gcn, 6)].flatMap { kind, columns in
    let plain = ModelShape(kind: kind, inputColumns: columns, hidden: 5, layers: 3, classes: 3, dropout: 0.3)
    let sparse = ModelShape(kind: kind, inputColumns: 7, sparseInput: true, hidden: 5, layers: 2, classes: 3)
    return [
      plain.with { $0.activation = .elu },
      plain.with { $0.activation = .prelu },
      plain.with { $0.norm = .layer },
      plain.with { $0.l2Normalise = true },
      plain.with { $0.residual = true },
      plain.with { ($0.residual, $0.norm, $0.activation) = (true, .layer, .prelu) },
      plain.with { ($0.residual, $0.l2Normalise, $0.norm, $0.activation) = (true, true, .layer, .elu) },
      plain.with { ($0.residual, $0.l2Normalise, $0.dropout) = (true, true, 0) },
      sparse.with { ($0.residual, $0.norm) = (true, .layer) },
      plain.with { $0.jump = .last },
      plain.with { ($0.jump, $0.residual) = (.concatenate, true) },
      plain.with { ($0.jump, $0.dropout) = (.max, 0) },
      sparse.with { ($0.jump, $0.activation, $0.dropout) = (.max, .elu, 0.2) },
      ModelShape(kind: kind, inputColumns: 5, hidden: 5, layers: 1, classes: 3).with { ($0.jump, $0.residual) = (.concatenate, true) },
    ]
  }

  @Test(arguments: shapes, [1, 2, 3] as [UInt64])
  func gradientsEqualCentralDifferences(shape: ModelShape, seed: UInt64) throws {
    var draws = Draws(seed)
    let batch = Batch(shape, seeds: 4, growth: 6, draws: &draws)
    let model = try Model(shape)
    let weights = (0..<model.parameters.count).map { _ in draws.float() }
    let key = DropoutKey(seed: 40 + seed, step: 6)
    let found = batch.run(model, weights: weights, dropout: key, inputGradient: shape.learnsInputs)

    let reference = ReferenceModel(batch: batch, model: model, dropout: (key.seed, key.step))
    let exact = weights.map(Double.init)
    let inputs = reference.inputs()
    let logits = reference.logits(exact, inputs: inputs)
    for (row, expected) in zip(found.logits, logits) {
      for (value, exact) in zip(row, expected) { #expect(abs(Double(value) - exact) <= 1e-5 * max(1, abs(exact))) }
    }
    #expect(abs(found.loss - reference.loss(exact, inputs: inputs)) <= 1e-5 * max(1, found.loss))

    // A step of 1e-5 leaves an error of about 1e-10 of the third derivative; float32 sums of ≤ 100 terms of size ≤ 10 err by
    // less than 1e-4 of the largest. A unit that crosses zero inside the step would show as an error of the gradient's size.
    let step = 1e-5
    func difference(_ loss: (Double) -> Double) -> Double { (loss(step) - loss(-step)) / (2 * step) }
    let scale = max(1, Double(found.gradient.map(abs).max() ?? 0))
    for index in weights.indices {
      let expected = difference { move in
        var moved = exact
        moved[index] += move
        return reference.loss(moved, inputs: inputs)
      }
      let name = model.parameters.parameters.first { $0.range.contains(index) }?.name ?? ""
      #expect(abs(Double(found.gradient[index]) - expected) <= 2e-5 * scale, "\(name), element \(index)")
    }
    guard shape.learnsInputs else { return }
    for row in batch.features.indices {
      for column in 0..<shape.inputColumns {
        let expected = difference { reference.loss(exact, inputs: reference.inputs(moving: (row, column, $0))) }
        #expect(abs(Double(found.inputGradient[row][column]) - expected) <= 2e-5 * scale, "row \(row), column \(column)")
      }
    }
    #expect(batch.run(model, weights: weights, dropout: nil).loss.isFinite)
  }
}
