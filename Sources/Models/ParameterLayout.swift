/// One named parameter: a range of the flat float32 vector, row-major.
public struct Parameter: Equatable, Sendable {
  /// As in `layers.0.neighbor.edge.weight`.
  public let name: String
  /// (inputs, outputs) of a weight, (outputs) of a bias.
  ///
  /// PyTorch keeps (outputs, inputs): `SAGEConv`'s `lin_r.weight` is the transpose of `self.weight`, `lin_l.weight` that of
  /// `neighbor.….weight`, and `lin_l.bias` is `bias`; `tools/load_in_pyg.py` knows them all.
  public let shape: [Int]
  /// Elements of the flat vector.
  public let range: Range<Int>
  public let initial: Initial
  /// Whether weight decay applies.
  public let decays: Bool

  /// Values before the first step.
  public enum Initial: Equatable, Sendable {
    /// Drawn evenly from -bound ..< bound.
    case uniform(bound: Float)
    case constant(Float)

    /// Glorot, Bengio, AISTATS 2010, eq. 16.
    public static func glorot(inputs: Int, outputs: Int) -> Initial {
      .uniform(bound: (6 / Float(inputs + outputs)).squareRoot())
    }
  }
}

/// All parameters of a model in one flat float32 vector, without gaps, layer after layer.
public struct ParameterLayout: Equatable, Sendable {
  public private(set) var parameters: [Parameter] = []
  /// Elements of each layer; the last of a model with a jumping connection holds the output weight as well.
  public private(set) var layers: [Range<Int>] = []
  /// Elements of the flat vector.
  public private(set) var count = 0

  /// The parameter of this name.
  public subscript(name: String) -> Parameter? { parameters.first { $0.name == name } }

  /// Adds a parameter behind those already there; returns its elements.
  mutating func append(_ name: String, _ shape: [Int], _ initial: Parameter.Initial, decays: Bool = true) -> Range<Int> {
    let range = count..<count + shape.reduce(1, *)
    parameters.append(Parameter(name: name, shape: shape, range: range, initial: initial, decays: decays))
    count = range.upperBound
    return range
  }

  /// Adds a weight with Glorot's initial values.
  mutating func appendWeight(_ name: String, inputs: Int, outputs: Int) -> Range<Int> {
    append(name, [inputs, outputs], .glorot(inputs: inputs, outputs: outputs))
  }

  /// Adds a bias of zeros.
  mutating func appendBias(_ name: String, _ count: Int) -> Range<Int> { append(name, [count], .constant(0), decays: false) }

  /// Ends a layer: it holds what was added since the last one ended.
  mutating func endLayer() { layers.append((layers.last?.upperBound ?? 0)..<count) }

  /// Counts what was added since to the last layer.
  mutating func extendLastLayer() { layers[layers.count - 1] = layers[layers.count - 1].lowerBound..<count }
}
