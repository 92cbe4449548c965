public import Tensors

/// Layers with rectifiers between them, over whole graphs: inference, and the gradients of full-batch training.
public struct PIMNetwork: Sendable {
  public let layers: [PIMLayer]

  public init(_ layers: [PIMLayer]) {
    precondition(!layers.isEmpty && zip(layers, layers.dropFirst()).allSatisfy { $0.weights.columns == $1.weights.rows }, "layers that fit")
    self.layers = layers
  }

  /// What a forward pass leaves for the way back.
  public struct Pass: Sendable {
    /// Input of each layer, after the rectifier of the one before.
    public let inputs: [Matrix]
    public let outputs: [PIMLayer.Output]

    /// Output of the last layer, shape (nodes, columns of the last weights).
    public var result: Matrix { outputs[outputs.count - 1].rows }
    /// Modelled times of all aggregations.
    public var times: PIMTimes { outputs.reduce(PIMTimes()) { $0 + $1.times } }
  }

  /// - Parameter x: Shape (nodes, columns of the first weights' rows).
  /// - Throws: What the machine cannot do: `PIMFault`, `InputError`.
  public func forward(_ x: Matrix, on graph: PIMGraph) throws -> Pass {
    var (inputs, outputs): ([Matrix], [PIMLayer.Output]) = ([x], [])
    for (number, layer) in layers.enumerated() {
      let output = try layer.forward(inputs[number], on: graph)
      outputs.append(output)
      if number + 1 < layers.count { inputs.append(rectified(output.rows)) }
    }
    return Pass(inputs: inputs, outputs: outputs)
  }

  /// Gradients of the weights of all layers, first layer first.
  ///
  /// - Parameter gradient: Of the pass's result.
  /// - Throws: What the machine cannot do: `PIMFault`, `InputError`.
  public func backward(_ gradient: Matrix, _ pass: Pass, on graph: PIMGraph) throws -> [PIMLayer.Gradient] {
    var (gradients, current): ([PIMLayer.Gradient], Matrix) = ([], gradient)
    for number in layers.indices.reversed() {
      let step = try layers[number].backward(current, input: pass.inputs[number], pass.outputs[number], on: graph)
      gradients.append(step)
      if number > 0 { current = masked(step.input, by: pass.outputs[number - 1].rows) }
    }
    return gradients.reversed()
  }

  private func rectified(_ rows: Matrix) -> Matrix { masked(rows, by: rows) }

  /// Elements where those of `sign` are above 0, zeros elsewhere.
  private func masked(_ rows: Matrix, by sign: Matrix) -> Matrix {
    let result = Matrix(rows: rows.rows, columns: rows.columns)
    withExtendedLifetime((rows, sign)) {
      for row in 0..<rows.rows {
        let (source, signs, target) = (rows.view.row(row), sign.view.row(row), result.view.row(row))
        for column in 0..<rows.columns where signs[column] > 0 { target[column] = source[column] }
      }
    }
    return result
  }
}
