import Kernels
import Tensors

extension SageConvolution {
  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    if wantsInput || order == .transformFirst { transpose(edges, workspace, threads) }
    let parameters = parameters(in: weights)
    let gradient = gradient + range.lowerBound
    switch order {
    case .aggregateFirst:
      aggregateFirst(edges, parameters, upstream, gradient, wantsInput, workspace, threads)
      guard wantsInput else { return }
      let joined = workspace.inputGradient.matrix(rows: edges.destinationCount, columns: nodeWidth)
      workspace.gather(.sum, threads) { (RowSource(joined.columns(joinedColumns($0))), transposed($0, workspace)) }
    case .transformFirst:
      // The transposed gather reads the gradient's rows in any order.
      let dz = upstream.materialised(
        rows: edges.destinationCount, columns: outputs, in: workspace.activationGradient, threads)
      workspace.gather(.sum, threads) { (RowSource(dz), transposed($0, workspace)) }
      if case .sparse(let entries, _) = input {
        transformFirst(edges, entries, dz, self.parameters(at: gradient), workspace, threads)
      } else {
        transformFirst(edges, input, parameters, dz, gradient, wantsInput, workspace, threads)
      }
    }
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    guard order == .aggregateFirst else {
      return OutputGradient(workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs))
    }
    let joined = workspace.inputGradient.matrix(rows: edges.destinationCount, columns: nodeWidth)
    return OutputGradient(
      GatheredGradient(own: [.init(gradient: joined.columns(joinedColumns(nil)))], relations: workspace.gathered))
  }

  /// The edges by source, and the factors of their means.
  private func transpose(_ edges: LayerEdges, _ workspace: LayerWorkspace, _ threads: Threads) {
    workspace.transpose(edges, threads)
    for (relation, neighborhood) in edges.relations.enumerated() {
      workspace.fillGatherScales(relation, count: edges.destinationCount) { row in
        let count = neighborhood.end[row] &- neighborhood.begin[row]
        return count == 0 ? 0 : 1 / Float(count)
      }
    }
  }

  private func transposed(_ relation: Int, _ workspace: LayerWorkspace) -> Neighborhood {
    workspace.transposed[relation].neighborhood(scales: workspace.gatherScales[relation].pointer)
  }

  /// One pass over the destinations: each tile of the gradient is computed, used for all that needs it, and forgotten.
  private func aggregateFirst(
    _ edges: LayerEdges, _ parameters: SageParameters, _ upstream: OutputGradient, _ gradient: UnsafeMutablePointer<Float>,
    _ wantsInput: Bool, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let joined = workspace.kept.matrix(rows: edges.destinationCount, columns: joinedWidth)
    let joinedGradient = workspace.inputGradient.matrix(rows: wantsInput ? edges.destinationCount : 0, columns: nodeWidth)
    let lanes = Lanes(rows: edges.destinationCount)
    let tiles = workspace.tiles.tiles(lanes.count, columns: outputs)
    workspace.sums.sum(lanes, into: gradient, count: range.count, threads: threads) { rows, isFirst, sum in
      let dz = upstream.tile(rows, computedIn: tiles.tile(rows.lowerBound / lanes.length))
      let sum = self.parameters(at: sum)
      MatrixProduct.multiply(transposed: joined.rows(rows), dz, into: sum.weights, accumulating: !isFirst)
      ColumnSums.add(dz, to: sum.bias, accumulating: !isFirst)
      if wantsInput { MatrixProduct.multiply(dz, transposed: parameters.nodes, into: joinedGradient.rows(rows)) }
    }
  }

  /// Gradient of the transformed rows `range`: the transposed mean of the output's gradient.
  private func writeTransformed(_ range: Range<Int>, into tile: MatrixView, _ workspace: LayerWorkspace) {
    for (relation, gathered) in workspace.gathered.enumerated() {
      gathered.write(range, into: tile.columns(transformedColumns(relation)))
    }
  }

  /// Dense input: one pass over the sources.
  private func transformFirst(
    _ edges: LayerEdges, _ input: LayerInput, _ parameters: SageParameters, _ dz: MatrixView, _ gradient: UnsafeMutablePointer<Float>,
    _ wantsInput: Bool, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let inputGradient = workspace.inputGradient.matrix(rows: wantsInput ? edges.sourceCount : 0, columns: inputs)
    let edgeMeans = workspace.kept.matrix(rows: edges.destinationCount, columns: edgeColumns)
    let lanes = Lanes(rows: edges.sourceCount)
    let copied = input.tileColumns(inputs)
    let tiles = workspace.tiles.tiles(lanes.count, columns: copied + transformedWidth)
    workspace.sums.sum(lanes, into: gradient, count: range.count, threads: threads) { rows, isFirst, sum in
      let scratch = tiles.tile(rows.lowerBound / lanes.length)
      let x = input.tile(rows, copiedTo: scratch.columns(0..<copied))
      let dy = scratch.columns(copied..<copied + transformedWidth).prefix(rows.count)
      writeTransformed(rows, into: dy, workspace)
      // Destinations are the first of the sources: a tile has all, some or none of its rows among them.
      let own = dz.rows(clampedTo: rows)
      let sum = self.parameters(at: sum)
      MatrixProduct.multiply(transposed: x.prefix(own.rows), own, into: sum.own, accumulating: !isFirst)
      ColumnSums.add(own, to: sum.bias, accumulating: !isFirst)
      if edgeColumns > 0 {
        MatrixProduct.multiply(transposed: edgeMeans.rows(clampedTo: rows), own, into: sum.edges, accumulating: !isFirst)
      }
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
    _ edges: LayerEdges, _ entries: SparseEntries, _ dz: MatrixView, _ gradient: SageParameters, _ workspace: LayerWorkspace,
    _ threads: Threads
  ) {
    let dy = workspace.transformed.matrix(rows: edges.sourceCount, columns: transformedWidth)
    threads.forEachChunk(of: edges.sourceCount, by: Tiles.height) { rows in
      writeTransformed(rows, into: dy.rows(rows), workspace)
    }
    let input = LayerInput.sparse(entries, first: 0)
    // The own weight lies first, the bias behind the neighbours' weights.
    ProductGradient(input: input, rows: edges.destinationCount, weight: gradient.own, weightGradient: gradient.own)
      .compute(dz, workspace.products, threads)
    for relation in 0..<relations {
      let weight = gradient.neighbor(relation)
      ProductGradient(input: input, rows: edges.sourceCount, weight: weight, weightGradient: weight)
        .compute(dy.columns(transformedColumns(relation)), workspace.products, threads)
    }
    if edgeColumns > 0 {
      let means = workspace.kept.matrix(rows: edges.destinationCount, columns: edgeColumns)
      ProductGradient(input: .matrix(means), rows: edges.destinationCount, weight: gradient.edges, weightGradient: gradient.edges)
        .compute(dz, workspace.products, threads)
    }
    ProductGradient.sumColumns(dz, into: gradient.bias, workspace.sums, threads)
  }
}
