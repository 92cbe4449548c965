import Kernels
import Tensors

/// What follows a layer's convolution, row by row: bias, L2 normalisation, residual, layer normalisation, activation, dropout, in this
/// order and as far as the shape has them. A layer that gives logits has the bias alone.
struct LayerFinish: Sendable {
  /// What is added to the rows before they are normalised.
  enum Residual: Sendable, Equatable {
    case none
    /// The layer's input itself.
    case input
    /// The layer's input times the weight of these elements, (I, O).
    case product(Range<Int>)
  }

  let outputs: Int
  let biasStart: Int
  let givesLogits: Bool
  let activation: PointwiseActivation
  let l2Normalise: Bool
  let residual: Residual
  /// First element of γ, β follows it; `nil` without layer normalisation.
  let normStart: Int?
  /// The element that holds the slope of PReLU.
  let slope: Int?

  init(_ shape: ModelShape, layer: Int, _ convolution: any Convolution, _ layout: inout ParameterLayout) {
    outputs = convolution.outputs
    biasStart = convolution.biasStart
    givesLogits = shape.givesLogits(layer)
    activation =
      switch shape.activation {
      case .relu: .relu
      case .elu: .elu
      case .prelu: .prelu
      }
    l2Normalise = shape.l2Normalise && !givesLogits
    if shape.norm == .layer, !givesLogits {
      normStart = layout.append("layers.\(layer).norm.weight", [outputs], .constant(1), decays: false).lowerBound
      _ = layout.appendBias("layers.\(layer).norm.bias", outputs)
    } else {
      normStart = nil
    }
    slope =
      shape.activation == .prelu && !givesLogits
      ? layout.append("layers.\(layer).activation.slope", [1], .constant(0.25), decays: false).lowerBound : nil
    if !shape.residual || givesLogits {
      residual = .none
    } else if convolution.inputs == outputs && !(layer == 0 && shape.sparseInput) {
      residual = .input
    } else {
      residual = .product(
        layout.appendWeight("layers.\(layer).residual.weight", inputs: convolution.inputs, outputs: outputs))
    }
  }

  /// Whether bias, ReLU and dropout are one pass that keeps a bit for each element.
  var isFused: Bool { activation == .relu && !l2Normalise && residual == .none && normStart == nil && !givesLogits }
}

/// What a layer's finish keeps between forward and backward.
final class FinishWorkspace: @unchecked Sendable {
  // Sendable: see `ModelWorkspace`.
  /// Bits of the output elements whose gradient passes; of those that dropout kept where the pass is not fused.
  let mask = GrowingBuffer<UInt8>()
  /// Factor of kept elements in the last forward pass; `nil`: nothing was dropped.
  var maskScale: Float?
  /// Residual to add, (D, O), where it is not the layer's input.
  let residual = GrowingBuffer<Float>()
  /// Rows after L2 normalisation, (D, O), and the inverses of their norms.
  let unit = GrowingBuffer<Float>()
  let inverseNorms = GrowingBuffer<Float>()
  /// Layer normalisation's `x̂`, or without it what the activation was applied to, (D, O), and the inverse deviations.
  let normalised = GrowingBuffer<Float>()
  let inverseDeviations = GrowingBuffer<Float>()
  /// Gradient of the residual, (D, O), where it is not that of `z`; and what it gives the layer's input, (D, I).
  let residualGradient = GrowingBuffer<Float>()
  let residualInputGradient = GrowingBuffer<Float>()
  let sums = LaneSums()
  let products = ProductGradientWorkspace()
  /// Scratch tiles of every lane.
  let tiles = GrowingBuffer<Float>()
}
