import Kernels
import Tensors
import Testing

/// Layer normalisation, division by the norm, and activations of single rows: literal values of PyTorch, the definitions in float64,
/// and central differences for every way back.
@Suite struct RowFunctionsTests {
  private func normalised(_ row: [Float]) -> (row: [Float], inverse: Float) {
    var row = row
    let inverse = row.withUnsafeMutableBufferPointer { LayerNormalisation.normalise($0.baseAddress!, count: $0.count) }
    return (row, inverse)
  }

  /// `torch.nn.LayerNorm(4)` with weight (−0.625, 0.25, −0.5, 0.375) and bias (−0.25, 0.625, −0.125, 0.75).
  @Test func layerNormalisationIsPyTorchs() {
    let row = normalised([-1.5, 1.25, -0.25, -1.75]).row
    let (gamma, beta): ([Float], [Float]) = ([-0.625, 0.25, -0.5, 0.375], [-0.25, 0.625, -0.125, 0.75])
    let expected: [Float] = [0.24205815, 1.00552497, -0.25621551, 0.37603580]
    for column in 0..<4 { #expect(abs(gamma[column] * row[column] + beta[column] - expected[column]) < 1e-6) }
    #expect(normalised([3, 3, 3]).row == [0, 0, 0])
  }

  @Test(arguments: [1, 2, 7, 64, 301])
  func layerNormalisationEqualsItsDefinition(width: Int) {
    var draws = Draws(UInt64(width))
    let row = draws.floats(width).map { 3 * $0 + 1 }
    let expected = LayerNormalisation.reference(row.map(Double.init))
    for (value, exact) in zip(normalised(row).row, expected) { #expect(abs(Double(value) - exact) < 1e-5) }
  }

  /// `Σ_c g[c] · f(x)[c]` differentiated by every element of `x`.
  private func expectGradient(
    _ found: [Float], of x: [Float], along g: [Float], _ what: String, _ f: ([Double]) -> [Double]
  ) {
    let exact = x.map(Double.init)
    for index in x.indices {
      func loss(_ move: Double) -> Double {
        var moved = exact
        moved[index] += move
        return zip(f(moved), g).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
      let expected = (loss(1e-5) - loss(-1e-5)) / 2e-5
      #expect(abs(Double(found[index]) - expected) < 2e-5 * max(1, abs(expected)), "\(what), element \(index)")
    }
  }

  @Test(arguments: [2, 5, 33]) func layerNormalisationsGradient(width: Int) {
    var draws = Draws(7)
    let (x, g) = (draws.floats(width), draws.floats(width))
    let (unit, inverse) = normalised(x)
    var gradient = g
    LayerNormalisation.backward(&gradient, normalised: unit, inverse: inverse, count: width)
    expectGradient(gradient, of: x, along: g, "layer normalisation", LayerNormalisation.reference)
  }

  @Test func aRowIsDividedByItsNormUnlessItHasNone() {
    var row: [Float] = [3, 0, -4]
    #expect(UnitLength.normalise(&row, count: 3) == 0.2)
    for (value, expected) in zip(row, [0.6, 0, -0.8] as [Float]) { #expect(abs(value - expected) < 1e-7) }
    var zeros: [Float] = [0, 0]
    #expect(UnitLength.normalise(&zeros, count: 2) == 0 && zeros == [0, 0])
    var gradient: [Float] = [5, 7]
    UnitLength.backward(&gradient, unit: zeros, inverse: 0, count: 2)
    #expect(gradient == [0, 0])
  }

  @Test(arguments: [1, 4, 29]) func unitLengthsGradient(width: Int) {
    var draws = Draws(8)
    let (x, g) = (draws.floats(width), draws.floats(width))
    var unit = x
    let inverse = UnitLength.normalise(&unit, count: width)
    var gradient = g
    UnitLength.backward(&gradient, unit: unit, inverse: inverse, count: width)
    expectGradient(gradient, of: x, along: g, "unit length") { row in
      let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return row.map { $0 / norm }
    }
  }

  /// `torch.nn.ELU()`, `torch.nn.PReLU()` with slope −0.625, and ReLU, of the same row.
  @Test func activationsArePyTorchs() {
    let u: [Float] = [-1.5, 1.25, -0.25, 0]
    func apply(_ activation: PointwiseActivation) -> [Float] {
      var row = u
      activation.apply(&row, count: 4, slope: -0.625)
      return row
    }
    #expect(apply(.relu) == [0, 1.25, 0, 0])
    #expect(apply(.prelu) == [0.9375, 1.25, 0.15625, 0])
    for (value, expected) in zip(apply(.elu), [-0.77686984, 1.25, -0.22119922, 0] as [Float]) { #expect(abs(value - expected) < 1e-7) }
  }

  @Test(arguments: [PointwiseActivation.relu, .elu, .prelu])
  func activationsGradients(activation: PointwiseActivation) {
    var draws = Draws(9)
    let (u, g) = (draws.floats(40), draws.floats(40))
    var gradient = g
    let slopeGradient = activation.backward(&gradient, of: u, count: 40, slope: 0.3)
    expectGradient(gradient, of: u, along: g, "\(activation)") { $0.map { activation.reference($0, slope: Double(Float(0.3))).value } }
    let expected =
      activation == .prelu ? zip(u, g).filter { $0.0 <= 0 }.reduce(0) { $0 + Double($1.0) * Double($1.1) } : 0
    #expect(abs(slopeGradient - expected) < 1e-9)
    for (index, value) in u.enumerated() {
      let derivative = activation.reference(Double(value), slope: Double(Float(0.3))).derivative
      #expect(abs(Double(gradient[index]) - derivative * Double(g[index])) < 1e-6)
    }
  }
}
