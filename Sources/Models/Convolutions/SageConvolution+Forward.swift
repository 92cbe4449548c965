import Kernels
import Tensors

extension SageConvolution {
  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {
    let parameters = parameters(in: weights)
    let x = input.denseTile(rows, copiedTo: tile)
    if let transformed {
      for relation in 0..<relations {
        input.multiply(rows, x, by: parameters.neighbor(relation), into: transformed.columns(transformedColumns(relation)))
      }
    }
    if let own {
      input.multiply(rows.lowerBound..<rows.lowerBound + own.rows, x?.prefix(own.rows), by: parameters.own, into: own)
    }
  }

  func gather(_ edges: LayerEdges, _ input: LayerInput, transformed: MatrixView?, _ workspace: LayerWorkspace, _ threads: Threads) {
    if let transformed {
      workspace.gather(.mean, threads) { (RowSource(transformed.columns(transformedColumns($0))), edges.relations[$0]) }
    } else {
      let (source, scales) = input.dense
      workspace.gather(.mean, threads) { (source, edges.neighborhood($0, scales: scales)) }
    }
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    guard transformed != nil else { return aggregateFirst(rows, edges, input, weights, workspace.gathered, joined: kept, into: z) }
    for gathered in workspace.gathered { gathered.write(rows, adding: z, into: z) }
    guard edgeColumns > 0 else { return }
    writeEdgeMeans(rows, edges, into: kept)
    MatrixProduct.multiply(kept, parameters(in: weights).edges, into: z, accumulating: true)
  }

  /// Means of edge rows, the relations that have some side by side.
  private func writeEdgeMeans(_ rows: Range<Int>, _ edges: LayerEdges, into out: MatrixView) {
    var first = 0
    for features in edges.features {
      features.writeMeans(rows, into: out.columns(first..<first + features.columns))
      first += features.columns
    }
  }

  /// Joins and multiplies a tile: it is still in cache when its product reads it.
  private func aggregateFirst(
    _ rows: Range<Int>, _ edges: LayerEdges, _ input: LayerInput, _ weights: UnsafePointer<Float>, _ gathered: [Gathered],
    joined: MatrixView, into z: MatrixView
  ) {
    let (source, scales) = input.dense
    Gather.copy(from: edges.own(rows).lowerBound, of: source, scales: scales, into: joined.columns(joinedColumns(nil)))
    for (relation, means) in gathered.enumerated() { means.write(rows, into: joined.columns(joinedColumns(relation))) }
    writeEdgeMeans(rows, edges, into: joined.columns(nodeWidth..<joinedWidth))
    MatrixProduct.multiply(joined, parameters(in: weights).weights, into: z)
  }
}
