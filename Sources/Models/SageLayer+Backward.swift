import Kernels
import Sampling
import Tensors

extension SageLayer {
  /// Computes the gradient of the layer's parameters, and what `inputGradient` needs to give that of its input rows.
  ///
  /// Sums over rows are cut into lanes; every other sum belongs to one row. Either way its order depends on the block alone.
  ///
  /// - Parameters:
  ///   - upstream: Gradient with respect to the layer's output.
  ///   - gradient: First element of the layer's part of the flat gradient; overwritten.
  ///   - wantsInput: Whether the gradient of the input rows will be asked for.
  func backward(
    _ block: Block, _ input: LayerInput, _ parameters: SageParameters, upstream: OutputGradient, gradient: UnsafeMutablePointer<Float>,
    wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    if wantsInput || order == .transformFirst { transpose(block, workspace, threads) }
    switch order {
    case .aggregateFirst:
      aggregateFirst(block, parameters, upstream, gradient, wantsInput, workspace, threads)
    case .transformFirst:
      let activation = activationGradient(block, upstream, workspace, threads)
      if case .sparse(let entries) = input {
        transformFirst(block, entries, activation, self.parameters(at: gradient), workspace, threads)
      } else {
        transformFirst(block, input, parameters, activation, gradient, wantsInput, workspace, threads)
      }
    }
  }

  /// Gradient with respect to the input rows, of which `mask` says what passed the activation before.
  func inputGradient(_ block: Block, mask: (bits: BitMask, scale: Float)?, workspace: LayerWorkspace) -> OutputGradient {
    switch order {
    case .aggregateFirst:
      let joined = workspace.inputGradient.matrix(rows: block.destinationCount, columns: joinedWidth)
      return OutputGradient(rows: .gathered(self, joined: joined, workspace), mask: mask)
    case .transformFirst:
      return OutputGradient(rows: .matrix(workspace.inputGradient.matrix(rows: block.sourceCount, columns: inputs)), mask: mask)
    }
  }

  /// The block's edges by source, and the factors of its means.
  private func transpose(_ block: Block, _ workspace: LayerWorkspace, _ threads: Threads) {
    for relation in 0..<relations {
      let edges = block.relations[relation]
      workspace.transposed[relation].fill(
        block.neighborhood(relation), edgeCount: edges.edgeCount, sourceCount: block.sourceCount, threads: threads)
      let inverse = workspace.inverseDegrees[relation]
      inverse.resize(to: block.destinationCount)
      let indptr = edges.indptr.pointer
      for row in 0..<block.destinationCount {
        let degree = indptr[row &+ 1] &- indptr[row]
        inverse.pointer[row] = degree == 0 ? 0 : 1 / Float(degree)
      }
    }
  }

  /// One pass over the destinations: each tile of the gradient is computed, used for all that needs it, and forgotten.
  private func aggregateFirst(
    _ block: Block, _ parameters: SageParameters, _ upstream: OutputGradient, _ gradient: UnsafeMutablePointer<Float>, _ wantsInput: Bool,
    _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let joined = workspace.joined.matrix(rows: block.destinationCount, columns: joinedWidth)
    let joinedGradient = workspace.inputGradient.matrix(rows: wantsInput ? block.destinationCount : 0, columns: joinedWidth)
    let lanes = Lanes(rows: block.destinationCount)
    let tiles = workspace.tiles.tiles(lanes.count, columns: outputs)
    workspace.sums.sum(lanes, into: gradient, count: range.count, threads: threads) { rows, isFirst, sum in
      let dz = upstream.tile(rows, computedIn: tiles.tile(rows.lowerBound / lanes.length))
      let sum = self.parameters(at: sum)
      MatrixProduct.multiply(transposed: joined.rows(rows), dz, into: sum.weights, accumulating: !isFirst)
      ColumnSums.add(dz, to: sum.bias, accumulating: !isFirst)
      if wantsInput { MatrixProduct.multiply(dz, transposed: parameters.weights, into: joinedGradient.rows(rows)) }
    }
  }

  /// The whole gradient before the activation, (D, O): the transposed gather reads its rows in any order.
  private func activationGradient(
    _ block: Block, _ upstream: OutputGradient, _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    if case .matrix(let matrix) = upstream.rows, upstream.mask == nil { return matrix }
    let dz = workspace.activationGradient.matrix(rows: block.destinationCount, columns: outputs)
    threads.forEachChunk(of: block.destinationCount, by: Tiles.height) { rows in upstream.fill(rows, into: dz.rows(rows)) }
    return dz
  }

  /// Gradient of the transformed rows `range`: the transposed mean of `dz`.
  private func gatherTransformed(_ range: Range<Int>, _ dz: MatrixView, into tile: MatrixView, _ workspace: LayerWorkspace) {
    for relation in 0..<relations {
      Aggregation.aggregate(
        range, of: workspace.transposed[relation].neighborhood(scales: workspace.inverseDegrees[relation].pointer), rows: RowSource(dz),
        .sum, into: tile.columns(transformedColumns(relation)))
    }
  }

  /// Dense input: one pass over the sources.
  private func transformFirst(
    _ block: Block, _ input: LayerInput, _ parameters: SageParameters, _ dz: MatrixView, _ gradient: UnsafeMutablePointer<Float>,
    _ wantsInput: Bool, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let inputGradient = workspace.inputGradient.matrix(rows: wantsInput ? block.sourceCount : 0, columns: inputs)
    let lanes = Lanes(rows: block.sourceCount)
    let copied = input.tileColumns(inputs)
    let tiles = workspace.tiles.tiles(lanes.count, columns: copied + transformedWidth)
    workspace.sums.sum(lanes, into: gradient, count: range.count, threads: threads) { rows, isFirst, sum in
      let scratch = tiles.tile(rows.lowerBound / lanes.length)
      let x = input.tile(rows, copiedTo: scratch.columns(0..<copied))
      let dy = scratch.columns(copied..<copied + transformedWidth).prefix(rows.count)
      gatherTransformed(rows, dz, into: dy, workspace)
      // Destinations are the first of the sources: a tile has all, some or none of its rows among them.
      let own = dz.rows(clampedTo: rows)
      let sum = self.parameters(at: sum)
      MatrixProduct.multiply(transposed: x.prefix(own.rows), own, into: sum.own, accumulating: !isFirst)
      ColumnSums.add(own, to: sum.bias, accumulating: !isFirst)
      for relation in 0..<relations {
        MatrixProduct.multiply(
          transposed: x, dy.columns(transformedColumns(relation)), into: sum.neighbor(relation), accumulating: !isFirst)
      }
      guard wantsInput else { return }
      let dx = inputGradient.rows(rows)
      for relation in 0..<relations {
        MatrixProduct.multiply(
          dy.columns(transformedColumns(relation)), transposed: parameters.neighbor(relation), into: dx, accumulating: relation > 0)
      }
      MatrixProduct.multiply(own, transposed: parameters.own, into: dx.prefix(own.rows), accumulating: true)
    }
  }

  /// Sparse input: each row of a weight's gradient is gathered along the entries of its column.
  private func transformFirst(
    _ block: Block, _ entries: SparseEntries, _ dz: MatrixView, _ gradient: SageParameters, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let dy = workspace.transformed.matrix(rows: block.sourceCount, columns: transformedWidth)
    threads.forEachChunk(of: block.sourceCount, by: Tiles.height) { rows in
      gatherTransformed(rows, dz, into: dy.rows(rows), workspace)
    }
    workspace.transposedEntries.fill(
      entries.rows, edgeCount: entries.entryCount(below: block.sourceCount), sourceCount: inputs, weighted: true, threads: threads)
    workspace.transposedOwnEntries.fill(
      entries.rows(below: block.destinationCount), edgeCount: entries.entryCount(below: block.destinationCount), sourceCount: inputs,
      weighted: true, threads: threads)
    let (all, own) = (workspace.transposedEntries.neighborhood(), workspace.transposedOwnEntries.neighborhood())
    threads.forEachChunk(of: inputs, by: 64) { columns in
      Aggregation.aggregate(columns, of: own, rows: RowSource(dz), .sum, into: gradient.own.rows(columns))
      for relation in 0..<relations {
        Aggregation.aggregate(
          columns, of: all, rows: RowSource(dy.columns(transformedColumns(relation))), .sum,
          into: gradient.neighbor(relation).rows(columns))
      }
    }
    workspace.sums.sum(Lanes(rows: block.destinationCount), into: gradient.bias, count: outputs, threads: threads) { rows, isFirst, sum in
      ColumnSums.add(dz.rows(rows), to: sum, accumulating: !isFirst)
    }
  }
}
