import Kernels
import Tensors

/// With `G_r = dz·W_rᵀ`, or `dz` where rows were transformed first, a source row's gradient is
/// `s[u]·(w·c[u]·G[u] + Σ_v c[v]·d[v]/n[v]·G[v])` over the destinations `v` that sampled it as one of `n[v]`: the transposed gather of
/// the rows `c[v]·G[v]`.
extension PropagationConvolution {
  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    workspace.selfWeight = selfWeight(weights)
    if wantsInput || order == .transformFirst { transpose(edges, workspace, threads) }
    switch order {
    case .aggregateFirst:
      let keepsGradient = wantsInput || learnsEpsilon
      aggregateFirst(edges, self.weights(in: weights), upstream, gradient, keepsGradient, workspace, threads)
      if wantsInput {
        let aggregated = workspace.inputGradient.matrix(rows: edges.destinationCount, columns: aggregatedWidth)
        gather(workspace, threads) { aggregated.columns(inputColumns($0)) }
      }
      if case .sum(let epsilon?) = weighing { sumEpsilon(edges, input, into: gradient + epsilon, workspace, threads) }
    case .transformFirst:
      transformFirst(edges, input, self.weights(in: weights), upstream, gradient, wantsInput, workspace, threads)
      if case .sum(let epsilon?) = weighing { sumTransformedEpsilon(edges, into: gradient + epsilon, workspace, threads) }
    }
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    if order == .transformFirst {
      return OutputGradient(workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs))
    }
    let aggregated = workspace.inputGradient.matrix(rows: edges.destinationCount, columns: aggregatedWidth)
    return OutputGradient(
      gathered(relations: 0..<relations, workspace) { aggregated.columns(inputColumns($0)) })
  }

  private var learnsEpsilon: Bool {
    if case .sum(_?) = weighing { true } else { false }
  }

  /// Gathers the gradients `c·G_r` along the transposed edges of each relation.
  private func gather(_ workspace: LayerWorkspace, _ threads: Threads, _ gradient: (Int) -> MatrixView) {
    workspace.gather(.sum, threads) { relation in
      (
        RowSource(gradient(relation)),
        workspace.transposed[relation].neighborhood(scales: workspace.gatherScales[relation].pointer)
      )
    }
  }

  /// What was gathered of gradients `c·G_r` along the relations that `relations` names.
  private func gathered(
    relations: Range<Int>, _ workspace: LayerWorkspace, _ gradient: (Int) -> MatrixView
  ) -> GatheredGradient {
    GatheredGradient(
      own: workspace.selfWeight == 0 ? [] : relations.map { .init(gradient: gradient($0), factor: workspace.selfWeight) },
      relations: Array(workspace.gathered[relations]),
      scales: sourceScales(workspace))
  }

  /// The edges by source, and `d / n` of every destination.
  private func transpose(_ edges: LayerEdges, _ workspace: LayerWorkspace, _ threads: Threads) {
    workspace.transpose(edges, threads)
    for (relation, neighborhood) in edges.relations.enumerated() {
      workspace.fillGatherScales(relation, count: edges.destinationCount) { row in
        let count = neighborhood.end[row] &- neighborhood.begin[row]
        return count == 0 ? 0 : Float(edges.degree(row, relation: relation)) / Float(count)
      }
    }
  }

  private func scaleRows(_ tile: MatrixView, first: Int, _ workspace: LayerWorkspace) {
    guard let scales = sourceScales(workspace) else { return }
    for row in 0..<tile.rows { RowArithmetic.scale(tile.row(row), by: scales[first + row], count: tile.columns) }
  }

  /// One pass over the destinations, which are the first of the sources.
  private func aggregateFirst(
    _ edges: LayerEdges, _ weights: MatrixView, _ upstream: OutputGradient, _ gradient: UnsafeMutablePointer<Float>, _ keepsGradient: Bool,
    _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let aggregated = workspace.kept.matrix(rows: edges.destinationCount, columns: workspace.keptColumns).columns(0..<aggregatedWidth)
    let target = workspace.inputGradient.matrix(rows: keepsGradient ? edges.destinationCount : 0, columns: aggregatedWidth)
    let lanes = Lanes(rows: edges.destinationCount)
    let tiles = workspace.tiles.tiles(lanes.count, columns: outputs)
    workspace.sums.sum(lanes, into: gradient + range.lowerBound, count: range.count, threads: threads) { rows, isFirst, sum in
      let dz = upstream.tile(rows, computedIn: tiles.tile(rows.lowerBound / lanes.length))
      MatrixProduct.multiply(transposed: aggregated.rows(rows), dz, into: self.weights(at: sum), accumulating: !isFirst)
      ColumnSums.add(dz, to: sum + aggregatedWidth * outputs, accumulating: !isFirst)
      guard keepsGradient else { return }
      MatrixProduct.multiply(dz, transposed: weights, into: target.rows(rows))
      scaleRows(target.rows(rows), first: rows.lowerBound, workspace)
    }
  }

  private func transformFirst(
    _ edges: LayerEdges, _ input: LayerInput, _ weights: MatrixView, _ upstream: OutputGradient, _ gradient: UnsafeMutablePointer<Float>,
    _ wantsInput: Bool, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let dz = workspace.scaledGradient.matrix(rows: edges.destinationCount, columns: outputs)
    threads.forEachChunk(of: edges.destinationCount, by: Tiles.height) { rows in upstream.fill(rows, into: dz.rows(rows)) }
    ProductGradient.sumColumns(dz, into: gradient + range.lowerBound + aggregatedWidth * outputs, workspace.sums, threads)
    threads.forEachChunk(of: edges.destinationCount, by: Tiles.height) { rows in
      scaleRows(dz.rows(rows), first: rows.lowerBound, workspace)
    }
    gather(workspace, threads) { _ in dz }
    let dy = workspace.transformedGradient.matrix(rows: edges.sourceCount, columns: transformedWidth)
    threads.forEachChunk(of: edges.sourceCount, by: Tiles.height) { rows in
      for relation in 0..<relations {
        gathered(relations: relation..<relation + 1, workspace) { _ in dz }
          .fill(rows, into: dy.rows(rows).columns(outputColumns(relation)))
      }
    }
    let weightGradient = self.weights(at: gradient + range.lowerBound)
    let dx = wantsInput ? workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs) : nil
    for relation in 0..<relations {
      let rows = inputColumns(relation)
      ProductGradient(
        input: input, rows: edges.sourceCount, weight: weights.rows(rows), weightGradient: weightGradient.rows(rows), inputGradient: dx,
        addsToInputGradient: relation > 0
      ).compute(dy.columns(outputColumns(relation)), workspace.products, threads)
    }
  }

  /// `dε = Σ_v Σ_r G_r[v]·x[v]`, chunks of destinations added in order.
  private func sumEpsilon(
    _ edges: LayerEdges, _ input: LayerInput, into target: UnsafeMutablePointer<Float>, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let aggregated = workspace.inputGradient.matrix(rows: edges.destinationCount, columns: aggregatedWidth)
    let lanes = Lanes(rows: edges.destinationCount)
    let tiles = workspace.tiles.tiles(lanes.count, columns: input.tileColumns(inputs))
    workspace.sums.sum(lanes, into: target, count: 1, threads: threads) { rows, isFirst, sum in
      let x = input.tile(rows, copiedTo: tiles.tile(rows.lowerBound / lanes.length))
      let total = rows.enumerated().reduce(0.0) { total, row in
        (0..<relations).reduce(total) {
          $0 + RowArithmetic.dot(aggregated.row(row.element) + $1 * inputs, x.row(row.offset), count: inputs)
        }
      }
      sum.pointee = (isFirst ? 0 : sum.pointee) + Float(total)
    }
  }

  /// The same of rows that were transformed first: `Σ_v Σ_r dz[v]·y_r[v]`.
  private func sumTransformedEpsilon(
    _ edges: LayerEdges, into target: UnsafeMutablePointer<Float>, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let dz = workspace.scaledGradient.matrix(rows: edges.destinationCount, columns: outputs)
    let y = workspace.transformed.matrix(rows: edges.sourceCount, columns: transformedWidth)
    workspace.sums.sum(Lanes(rows: edges.destinationCount), into: target, count: 1, threads: threads) { rows, isFirst, sum in
      let total = rows.reduce(0.0) { total, row in
        (0..<relations).reduce(total) { $0 + RowArithmetic.dot(dz.row(row), y.row(row) + $1 * outputs, count: outputs) }
      }
      sum.pointee = (isFirst ? 0 : sum.pointee) + Float(total)
    }
  }
}
