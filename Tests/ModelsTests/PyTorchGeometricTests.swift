import Models
import Tensors
import Testing

/// Layers beside those of PyTorch Geometric 2.8.1, torch 2.2.1, with the same weights: outputs computed there in float64.
///
/// Weights here are in this project's order, (inputs, outputs): the transposes of theirs.
@Suite struct PyTorchGeometricTests {
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var shape: ModelShape
    var weights: [Float]
    var output: [Double]
    var description: String { name }

    init(_ name: String, _ shape: ModelShape, weights: [Float], output: [Double]) {
      (self.name, self.shape, self.weights, self.output) = (name, shape, weights, output)
    }
  }

  static let edges: [(source: UInt32, destination: Int)] = [
    (1, 2), (2, 1), (0, 3), (1, 3), (2, 3), (5, 3), (3, 4), (4, 5), (2, 5),
  ]
  static let features: [[Float]] = [
    [-1.5, 1.25, -0.25, -1.75],
    [1.75, 0.25, -1.25, 1.5],
    [0.75, -0.75, 2, 0.5],
    [-0.25, -1.75, 1, -0.5],
    [-1.25, 1.5, 0, -1.5],
    [2, 0.5, -1, 1.75],
  ]

  /// A hidden layer divided by its norms, its activation the identity: a PReLU of slope 1.
  static func unit(_ shape: ModelShape) -> ModelShape {
    shape.with { ($0.l2Normalise, $0.activation, $0.jump) = (true, .prelu, .last) }
  }
  /// The slope, then an output weight that changes nothing.
  static let identityHead: [Float] = [1] + [1, 0, 0, 0, 1, 0, 0, 0, 1] + [0, 0, 0]

  static let cases: [Case] = [
    Case(
      "sage_mean", ModelShape(inputColumns: 4, hidden: 1, layers: 1, classes: 3),
      weights: [
        0.125, 0.375, -0.375, -0.625, 0.25, 0.5, 0.25, -0.5, 0.375, -0.5, 0.375, -0.375, -0.625, -0.375, 0.5, 0.25, -0.5, -0.25, -0.5,
        0.375, -0.375, 0.375, -0.375, 0.5, -0.25, 0.625, -0.125,
      ],
      output: [
        -0.40625, -0.15625, 1.625, -2.71875, 3.1875, -1.625, 0.71875, -1.90625, 1.8125, 1.171875, -1.265625, 0.25, -1.5625, 1.5, 1.34375,
        -1.875, 3.125, -2.5,
      ]),
    Case(
      "sage_mean_normalize", unit(ModelShape(inputColumns: 4, hidden: 3, layers: 1, classes: 3)),
      weights: [
        0.125, 0.375, -0.375, -0.625, 0.25, 0.5, 0.25, -0.5, 0.375, -0.5, 0.375, -0.375, -0.625, -0.375, 0.5, 0.25, -0.5, -0.25, -0.5,
        0.375, -0.375, 0.375, -0.375, 0.5, -0.25, 0.625, -0.125,
      ] + identityHead,
      output: [
        -0.2414872254, -0.0928797021, 0.9659489018, -0.6050280209, 0.7093431969, -0.3616259435, 0.2635854296, -0.6990744002, 0.664693692,
        0.6723821335, -0.7261727042, 0.1434415218, -0.6130010842, 0.5884810408, 0.5271809324, -0.4242640687, 0.7071067812, -0.5656854249,
      ]),
    Case(
      "sage_max_project", ModelShape(kind: .sagePool, inputColumns: 4, hidden: 1, layers: 1, classes: 3),
      weights: [
        -0.625, -0.375, 0.5, -0.25, 0.25, -0.5, -0.25, 0.625, -0.5, 0.375, -0.375, -0.125, 0.375, -0.375, 0.5, -0.25, -0.25, 0.625, -0.125,
        0.75, -0.75, -0.5, 0.375, 0.125, -0.625, -0.375, -0.625, 0.25, -0.5, 0.25, -0.5, 0.375, 0.125, 0.375, -0.375, -0.625, 0.25, 0.5,
        0.25, -0.5, 0.375, -0.5, 0.375, -0.375, 0.5, -0.25, 0.625,
      ],
      output: [
        1.5, 0.53125, -0.9375, -0.42578125, -2.0234375, 3.015625, -0.9296875, -0.765625, 0.99609375, -1.7109375, 1.85546875, 0.82421875,
        -0.09765625, 0.7265625, 0.109375, -1.8203125, -1.34765625, 1.96484375,
      ]),
    Case(
      "gcn_loops", ModelShape(kind: .gcn, inputColumns: 4, hidden: 1, layers: 1, classes: 3),
      weights: [-0.25, 0, -0.75, 0.625, -0.125, 0.125, -0.125, 0.75, 0, 0.75, 0, -0.75, -0.625, 0.25, -0.5],
      output: [
        -0.75, -0.09375, 2.09375, -0.390625, 0.5625, -2.21875, -0.390625, 0.5625, -2.21875, -0.5161713219, 0.2778760824, -1.068369629,
        -1.046723767, 0.4625956483, 0.7337032946, -0.3741842013, 0.5532658251, -0.9191140627,
      ]),
    Case(
      "gcn_no_loops", ModelShape(kind: .gcn, inputColumns: 4, hidden: 1, layers: 1, classes: 3).with { $0.selfLoops = false },
      weights: [-0.25, 0, -0.75, 0.625, -0.125, 0.125, -0.125, 0.75, 0, 0.75, 0, -0.75, -0.625, 0.25, -0.5],
      output: [
        -0.625, 0.25, -0.5, -1.15625, 1.84375, -1.53125, 0.375, -0.71875, -2.90625, 0.05131673824, 0.2752378701, -3.191021824, -1.390625,
        0.734375, -0.328125, -0.9122621299, 1.244368911, 0.3617863896,
      ]),
    Case(
      "gin_eps_0", ModelShape(kind: .gin, inputColumns: 4, hidden: 5, layers: 1, classes: 3),
      weights: [
        -0.625, -0.375, 0.5, -0.25, 0.625, 0.25, -0.5, -0.25, 0.625, -0.125, -0.5, 0.375, -0.375, -0.125, 0.75, 0.375, -0.375, 0.5, -0.25,
        0, -0.25, 0.625, -0.125, 0.75, 0, 0.125, 0.25, 0.375, -0.625, -0.5, -0.375, 0.25, 0.375, 0.5, -0.5, -0.375, -0.25, 0.375, 0.5,
        0.625, 0.5, -0.25, 0.625,
      ],
      output: [
        -1.33203125, -1.5859375, -0.21484375, 1.8125, 1.58203125, 2.9765625, 1.8125, 1.58203125, 2.9765625, 1.79296875, 1.5546875,
        2.94140625, -1.6953125, -1.97265625, -0.625, 0.73046875, 0.31640625, 1.52734375,
      ]),
    Case(
      "gin_eps_0.3", ModelShape(kind: .gin, inputColumns: 4, hidden: 5, layers: 1, classes: 3).with { $0.learnEpsilon = true },
      weights: [
        0.3, -0.625, -0.375, 0.5, -0.25, 0.625, 0.25, -0.5, -0.25, 0.625, -0.125, -0.5, 0.375, -0.375, -0.125, 0.75, 0.375, -0.375, 0.5,
        -0.25, 0, -0.25, 0.625, -0.125, 0.75, 0, 0.125, 0.25, 0.375, -0.625, -0.5, -0.375, 0.25, 0.375, 0.5, -0.5, -0.375, -0.25, 0.375,
        0.5, 0.625, 0.5, -0.25, 0.625,
      ],
      output: [
        -1.642578125, -1.78984375, -0.312109375, 1.97890625, 1.829296875, 3.3046875, 2.04921875, 1.8984375, 3.37265625, 1.8609375,
        1.64140625, 3.046875, -1.991796875, -2.19765625, -0.778515625, 1.0140625, 0.67734375, 1.965625,
      ]),
  ]

  @Test(arguments: cases)
  func aLayerGivesTheSame(_ example: Case) throws { try Self.expectTheSame(example, edges: Self.edges) }

  static func expectTheSame(_ example: Case, edges: [(source: UInt32, destination: Int)]) throws {
    var draws = Draws(0)
    var batch = Batch(example.shape, seeds: 6, growth: 0, draws: &draws)
    batch.features = features
    batch.edges = [[(0..<6).map { node in edges.filter { $0.destination == node }.map(\.source) }]]
    batch.degrees = batch.edges.map { $0.map { $0.map { UInt32($0.count) } } }
    batch.sourceDegrees = [batch.degrees[0][0]]
    let model = try Model(example.shape)
    #expect(model.parameters.count == example.weights.count)
    let found = batch.run(model, weights: example.weights, dropout: nil).logits.flatMap { $0 }
    for (value, expected) in zip(found, example.output) { #expect(abs(Double(value) - expected) <= 2e-6 * max(1, abs(expected))) }
  }
}
