/// One named parameter: a range of the flat float32 vector, row-major.
public struct Parameter: Equatable, Sendable {
  /// As in `layers.0.neighbor.edge.weight`.
  public let name: String
  /// (inputs, outputs) of a weight, (outputs) of a bias.
  ///
  /// PyTorch Geometric's `SAGEConv` keeps (outputs, inputs): `lin_r.weight` is the transpose of `self.weight`, `lin_l.weight` that
  /// of `neighbor.….weight`, and `lin_l.bias` is `bias`.
  public let shape: [Int]
  /// Elements of the flat vector.
  public let range: Range<Int>
  /// Initial values are drawn evenly from -bound ..< bound; 0: all zero.
  public let initialBound: Float
  /// Whether weight decay applies.
  public let decays: Bool
}

/// All parameters of a model in one flat float32 vector, without gaps.
///
/// A layer's parameters follow each other: self weight, one neighbour weight per relation, bias. The weights of a layer are
/// thus one matrix with (1 + relations) · inputs rows, and its gradient one product.
public struct ParameterLayout: Equatable, Sendable {
  public let parameters: [Parameter]
  /// Elements of the flat vector.
  public let count: Int
  /// Elements of each layer.
  public let layers: [Range<Int>]

  public init(_ shape: ModelShape) {
    var parameters: [Parameter] = []
    var layers: [Range<Int>] = []
    var end = 0
    func append(_ name: String, _ shape: [Int], bound: Float, decays: Bool) {
      let count = shape.reduce(1, *)
      parameters.append(Parameter(name: name, shape: shape, range: end..<end + count, initialBound: bound, decays: decays))
      end += count
    }
    for layer in 0..<shape.layers {
      let begin = end
      let (inputs, outputs) = (shape.inputWidth(of: layer), shape.outputWidth(of: layer))
      let bound = glorotBound(inputs: inputs, outputs: outputs)
      append("layers.\(layer).self.weight", [inputs, outputs], bound: bound, decays: true)
      for relation in shape.relations {
        append("layers.\(layer).neighbor.\(relation).weight", [inputs, outputs], bound: bound, decays: true)
      }
      append("layers.\(layer).bias", [outputs], bound: 0, decays: false)
      layers.append(begin..<end)
    }
    self.parameters = parameters
    self.layers = layers
    count = end
  }

  /// The parameter of this name.
  public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }
}

/// Glorot, Bengio, AISTATS 2010, eq. 16.
private func glorotBound(inputs: Int, outputs: Int) -> Float { (6 / Float(inputs + outputs)).squareRoot() }
