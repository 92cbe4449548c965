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

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    guard let transformed else { return aggregateFirst(rows, edges, input, weights, joined: kept, into: z) }
    for relation in 0..<relations {
      Aggregation.aggregate(
        rows, of: edges.relations[relation], rows: RowSource(transformed.columns(transformedColumns(relation))), .mean, adding: z, into: z)
    }
  }

  /// Joins and multiplies a tile: it is still in cache when its product reads it.
  private func aggregateFirst(
    _ rows: Range<Int>, _ edges: LayerEdges, _ input: LayerInput, _ weights: UnsafePointer<Float>, joined: MatrixView, into z: MatrixView
  ) {
    let (source, scales) = input.dense
    Gather.copy(from: edges.own(rows).lowerBound, of: source, scales: scales, into: joined.columns(joinedColumns(nil)))
    for relation in 0..<relations {
      Aggregation.aggregate(
        rows, of: edges.neighborhood(relation, scales: scales), rows: source, .mean, into: joined.columns(joinedColumns(relation)))
    }
    MatrixProduct.multiply(joined, parameters(in: weights).weights, into: z)
  }
}
