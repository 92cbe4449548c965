import Kernels
public import Tensors

/// What exact inference needs besides the rows it reads and writes.
extension Model {
  /// Bytes of scratch that a chunk of `inferTransform` or `inferLayer` takes for each of its rows, at most; sparse input rows are
  /// copied besides.
  public func inferenceScratchBytes(of layer: Int) -> Int {
    let (layer, relations) = (layers[layer], shape.relations.count)
    let own =
      switch layer.convolution.ownProduct {
      case .none, .inOutput: 0
      case .apart(let columns): columns
      }
    // Tiles of input rows for products and residual, what the convolution keeps and marks, the residual and the finish's own rows.
    let floats = 2 * layer.convolution.inputs + own + 2 * layer.convolution.keptWidth + 4 * layer.convolution.outputs
    return 4 * (floats + 2 * relations + 1 + (shape.readsEdges ? relations + 1 : 0))
  }

  /// Bytes of scratch that a chunk of `inferLayer` takes besides for each in-edge of its destinations, at most: the number of its row and
  /// where that lies.
  public var inferenceEdgeScratchBytes: Int { shape.readsEdges ? 14 : 0 }

  /// The same of `inferHead`; 0 without a head.
  public var headScratchBytes: Int { 4 * joinedWidth }

  /// Bytes that a pass holds for every part-local id of a part, whatever the chunks: factors of source rows.
  public var inferenceSourceBytes: Int { 3 * 4 }

  /// Columns of what a jumping connection joins; 0 without one.
  public var joinedWidth: Int { head?.joinedWidth ?? 0 }

  /// Whether a jumping connection joins the rows of several layers, and not the last one's alone.
  public var joinsSeveralLayers: Bool { shape.jump == .concatenate || shape.jump == .max }

  /// Copies what a jumping connection joins, for rows `rows` of the outputs of the layers `headLayers`.
  ///
  /// - Parameter joined: Row `i` receives row `rows.lowerBound + i`; shape (`rows.count`, `joinedWidth`).
  public func inferJoined(_ outputs: [MatrixView], rows: Range<Int>, into joined: MatrixView) {
    guard let head else { preconditionFailure("nothing is joined") }
    precondition(joined.rows == rows.count && joined.columns == head.joinedWidth, "joined rows of another shape")
    head.join(outputs, rows: rows, into: joined, winners: nil)
  }
}
