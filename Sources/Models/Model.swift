public import Kernels
public import Sampling
public import Tensors

/// What keys the dropout of one step.
public struct DropoutKey: Equatable, Sendable {
  public var seed: UInt64
  /// Step counted over all epochs, or the epoch under `--resample epoch`.
  public var step: UInt32

  public init(seed: UInt64, step: UInt32) {
    self.seed = seed
    self.step = step
  }
}

/// A whole model: its layers, its parameters in one flat vector, forward and explicit backward over sampled blocks.
///
/// Everything computed for a part's blocks is a pure function of them, the rows and the weights: threads only decide who
/// computes what. Weights and gradients belong to the caller.
public final class Model: Sendable {
  public let shape: ModelShape
  public let parameters: ParameterLayout
  let layers: [Layer]
  let head: JumpHead?
  /// The first layer where rows hold its neighbourhoods already; `nil` where parameters take part in what it gathers.
  let aggregatedLayer: AggregatedLayer?

  /// - Throws: `InputError` when no model has this shape.
  public init(_ shape: ModelShape) throws {
    try shape.validate()
    self.shape = shape
    var layout = ParameterLayout()
    layers = (0..<shape.layers).map { Layer(shape, index: $0, &layout) }
    head = JumpHead(shape, &layout)
    aggregatedLayer = AggregatedLayer(shape, layers[0])
    parameters = layout
  }

  /// Weights before the first step; see `ParameterLayout.initialValues`.
  public func initialWeights(seed: UInt64) -> Buffer<Float> { parameters.initialValues(seed: seed) }

  /// Computes the logits of the seeds.
  ///
  /// - Parameters:
  ///   - blocks: One per layer, input hop first: the destinations of each are the sources of the next, those of the last the seeds.
  ///   - rows: One input row per source of the first block, of the shape's width and kind; their memory stays valid until
  ///     backward is done.
  ///   - edgeRows: For each block and each of `shape.edgeRelations`, one row per edge in the order of the relation's sources; empty
  ///     where the shape has none. Rows of edges are neither normalised nor dropped.
  ///   - weights: The flat vector, shape (`parameters.count`).
  ///   - dropout: `nil`: nothing is dropped.
  /// - Returns: Logits, shape (seeds, classes), in `workspace` until its next forward pass; the caller may overwrite them.
  public func forward(
    _ blocks: [Block], rows: InputRows, edgeRows: [[InputRows]] = [], weights: UnsafePointer<Float>, dropout: DropoutKey?,
    workspace: ModelWorkspace, threads: Threads
  ) -> MatrixView {
    check(blocks, rows)
    check(edgeRows, of: blocks)
    let input = prepare(rows, block: blocks[0], dropout: self.dropout(ofInputTo: 0, dropout), workspace, threads)
    workspace.input = input
    workspace.aggregated = nil
    return forward(
      blocks, after: [], input, edgeRows: edgeRows, weights: weights, dropout: dropout, workspace: workspace, threads: threads)
  }

  /// The layers above those that gave `outputs`, one block for each, and the head.
  ///
  /// - Parameter input: What the first layer reads, where it is among them.
  func forward(
    _ blocks: [Block], after outputs: [MatrixView], _ input: LayerInput, edgeRows: [[InputRows]] = [], weights: UnsafePointer<Float>,
    dropout: DropoutKey?, workspace: ModelWorkspace, threads: Threads
  ) -> MatrixView {
    var outputs = outputs
    for (layer, block) in zip(layers.dropFirst(outputs.count), blocks) {
      let here = workspace.layers[layer.index]
      let edges = LayerEdges(
        block, features: shape.readsEdges ? features(of: block, edgeRows[layer.index], here.edgeFeatures) : [])
      outputs.append(
        layer.forward(
          edges, outputs.last.map { .matrix($0) } ?? input, weights: weights,
          dropout: self.dropout(ofOutputOf: layer.index, dropout), mode: .training(dropout), workspace: here, threads: threads))
    }
    let last = outputs[outputs.count - 1]
    return head?.forward(outputs, seeds: last.rows, weights: weights, workspace.head, threads) ?? last
  }

  /// Computes the gradient after a forward pass with the same blocks, rows and weights: sums over the seeds, not normalised.
  ///
  /// - Parameters:
  ///   - logitsGradient: Gradient of the summed loss, shape (seeds, classes).
  ///   - gradient: The flat gradient, shape (`parameters.count`); all of it is overwritten, with zeros if there are no seeds.
  ///   - inputGradient: Receives the gradient of the input rows, shape (sources of the first block, input width), for rows that
  ///     are learned; only of dense rows that are not normalised.
  public func backward(
    _ blocks: [Block], weights: UnsafePointer<Float>, logitsGradient: MatrixView, gradient: UnsafeMutablePointer<Float>,
    inputGradient: MatrixView? = nil, workspace: ModelWorkspace, threads: Threads
  ) {
    guard let input = workspace.input else { preconditionFailure("backward comes after forward") }
    let aggregated = workspace.aggregated
    let lowest = aggregated == nil ? 0 : 1
    precondition(blocks.count == layers.count - lowest, "\(blocks.count) blocks for \(layers.count - lowest) layers")
    precondition(
      logitsGradient.rows == blocks.last?.destinationCount ?? aggregated?.edges.destinationCount && logitsGradient.columns == shape.classes,
      "a gradient of other logits")
    precondition(inputGradient == nil || shape.learnsInputs, "a gradient of rows that are not learned")
    head?.backward(logitsGradient: logitsGradient, weights: weights, gradient: gradient, workspace.head, threads)
    let seeds = logitsGradient.rows
    var upstream = OutputGradient(head?.gradient(of: layers.count - 1, seeds: seeds, workspace.head) ?? logitsGradient)
    for layer in layers.dropFirst(lowest).reversed() {
      let block = blocks[layer.index - lowest]
      let previous = layer.index > 0 ? workspace.layers[layer.index - 1] : nil
      let below = layer.backward(
        LayerEdges(block), previous.map { .matrix($0.output.matrix(rows: block.sourceCount, columns: layer.convolution.inputs)) } ?? input,
        weights: weights, upstream: upstream, gradient: gradient, wantsInput: layer.index > 0 || inputGradient != nil,
        workspace: workspace.layers[layer.index], threads: threads)
      guard let below else { return }
      upstream = below
      if layer.index > 0, let more = head?.gradient(of: layer.index - 1, seeds: seeds, workspace.head) { upstream.further.append(more) }
    }
    if let aggregated {
      precondition(inputGradient == nil, "aggregated rows are not learned")
      aggregatedLayer?.backward(
        aggregated, weights: weights, upstream: upstream, gradient: gradient, workspace: workspace.layers[0], threads: threads)
    }
    guard let inputGradient else { return }
    upstream.mask = inputMask(blocks[0], workspace)
    write(upstream, to: inputGradient, block: blocks[0], threads)
  }

  /// Dropout of the rows that `layer` gives; logits are not dropped.
  func dropout(ofOutputOf layer: Int, _ key: DropoutKey?) -> Dropout? {
    shape.givesLogits(layer) ? nil : dropout(ofInputTo: layer + 1, key)
  }

  /// Dropout of the rows that `layer` reads.
  private func dropout(ofInputTo layer: Int, _ key: DropoutKey?) -> Dropout? {
    let probability = layer == 0 ? shape.inputDropout : shape.dropout
    guard let key, probability > 0 else { return nil }
    return Dropout(probability: probability, seed: key.seed, layer: layer, step: key.step)
  }

  private func check(_ blocks: [Block], _ rows: InputRows) {
    check(blocks, layers: layers.count)
    precondition(rows.count == blocks[0].sourceCount, "\(rows.count) input rows for \(blocks[0].sourceCount) sources")
    precondition(rows.columns == shape.inputColumns, "input rows of \(rows.columns) columns, \(shape.inputColumns) expected")
  }

  /// Checks the blocks of the last `count` layers.
  func check(_ blocks: [Block], layers count: Int) {
    precondition(blocks.count == count, "\(blocks.count) blocks for \(count) layers")
    for (block, next) in zip(blocks, blocks.dropFirst()) {
      precondition(block.destinationCount == next.sourceCount, "a block's destinations are the sources of the next")
    }
    precondition(blocks.allSatisfy { $0.relations.count == shape.relations.count }, "blocks of another schema")
    precondition(!shape.readsDegrees || blocks.allSatisfy(\.hasDegrees), "blocks without degrees")
  }

  private func write(_ upstream: OutputGradient, to gradient: MatrixView, block: Block, _ threads: Threads) {
    precondition(!shape.sparseInput && !shape.rowNormalise, "learned rows are dense and not normalised")
    precondition(gradient.rows == block.sourceCount && gradient.columns == shape.inputColumns, "a gradient of other rows")
    threads.forEachChunk(of: gradient.rows, by: Tiles.height) { rows in upstream.fill(rows, into: gradient.rows(rows)) }
  }
}
