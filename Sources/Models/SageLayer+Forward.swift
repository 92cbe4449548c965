import Graphs
import Kernels
import Sampling
import Tensors

extension SageLayer {
  /// Computes the rows of `block`'s destinations from those of its sources.
  ///
  /// - Parameter dropout: Applied to the output; `nil`: none.
  /// - Returns: The output, (D, O), in `workspace`.
  func forward(
    _ block: Block, _ input: LayerInput, _ parameters: SageParameters, dropout: Dropout?, workspace: LayerWorkspace, threads: Threads
  ) -> MatrixView {
    let output = workspace.output.matrix(rows: block.destinationCount, columns: outputs)
    let mask = workspace.mask.mask(rows: isLast ? 0 : block.destinationCount, columns: outputs)
    workspace.maskScale = dropout?.scale ?? 1
    let finish: @Sendable (Range<Int>) -> Void = { rows in
      let z = output.rows(rows)
      if isLast { return Activation.bias(z, bias: parameters.bias) }
      Activation.biasReLU(
        z, bias: parameters.bias, dropout: dropout, ids: block.dropoutKeys + rows.lowerBound, mask: mask.rows(rows))
    }
    switch order {
    case .aggregateFirst:
      aggregateFirst(block, input, parameters, into: output, workspace, threads, finish)
    case .transformFirst:
      transform(block, input, parameters, own: output, workspace, threads)
      let transformed = workspace.transformed.matrix(rows: block.sourceCount, columns: transformedWidth)
      threads.forEachChunk(of: block.destinationCount, by: Tiles.height) { rows in
        let z = output.rows(rows)
        for relation in 0..<relations {
          Aggregation.aggregate(
            rows, of: block.neighborhood(relation), rows: RowSource(transformed.columns(transformedColumns(relation))), .mean, adding: z,
            into: z)
        }
        finish(rows)
      }
    }
    return output
  }

  /// Joins and multiplies tile by tile: a tile is still in cache when its product reads it.
  private func aggregateFirst(
    _ block: Block, _ input: LayerInput, _ parameters: SageParameters, into output: MatrixView, _ workspace: LayerWorkspace,
    _ threads: Threads, _ finish: @Sendable (Range<Int>) -> Void
  ) {
    let joined = workspace.joined.matrix(rows: block.destinationCount, columns: joinedWidth)
    let (source, scales) = input.dense
    nonisolated(unsafe) let factors = scales
    threads.forEachChunk(of: block.destinationCount, by: Tiles.height) { rows in
      let tile = joined.rows(rows)
      Gather.copy(from: rows.lowerBound, of: source, scales: factors, into: tile.columns(joinedColumns(nil)))
      for relation in 0..<relations {
        Aggregation.aggregate(
          rows, of: block.neighborhood(relation, scales: factors), rows: source, .mean, into: tile.columns(joinedColumns(relation)))
      }
      MatrixProduct.multiply(tile, parameters.weights, into: output.rows(rows))
      finish(rows)
    }
  }

  /// Fills the transformed rows of all sources, and `own` with the product of the destinations' own rows.
  private func transform(
    _ block: Block, _ input: LayerInput, _ parameters: SageParameters, own: MatrixView, _ workspace: LayerWorkspace, _ threads: Threads
  ) {
    let transformed = workspace.transformed.matrix(rows: block.sourceCount, columns: transformedWidth)
    let lanes = Lanes(rows: block.sourceCount)
    let tiles = workspace.tiles.tiles(lanes.count, columns: input.tileColumns(inputs))
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { rows in
        transform(rows, input, parameters, into: transformed.rows(rows), own: own.rows(clampedTo: rows), tile: tiles.tile(lane))
      }
    }
  }

  /// The transformed rows of one tile of rows, and the own products of the first of them, where they are wanted.
  func transform(
    _ rows: Range<Int>, _ input: LayerInput, _ parameters: SageParameters, into transformed: MatrixView?, own: MatrixView?, tile: MatrixView
  ) {
    if case .sparse(let entries) = input {
      let multiply = { (rows: Range<Int>, weight: MatrixView, product: MatrixView) in
        Aggregation.aggregate(rows, of: entries.rows, rows: RowSource(weight), .sum, into: product)
      }
      if let transformed {
        for relation in 0..<relations {
          multiply(rows, parameters.neighbor(relation), transformed.columns(transformedColumns(relation)))
        }
      }
      if let own { multiply(rows.lowerBound..<rows.lowerBound + own.rows, parameters.own, own) }
    } else {
      let x = input.tile(rows, copiedTo: tile)
      if let transformed {
        for relation in 0..<relations {
          MatrixProduct.multiply(x, parameters.neighbor(relation), into: transformed.columns(transformedColumns(relation)))
        }
      }
      if let own { MatrixProduct.multiply(x.prefix(own.rows), parameters.own, into: own) }
    }
  }
}

extension Block {
  /// The sampled edges of a relation, for the kernels.
  func neighborhood(_ relation: Int, scales: UnsafePointer<Float>? = nil) -> Neighborhood {
    let edges = relations[relation]
    return Neighborhood(
      destinationCount: destinationCount, indptr: edges.indptr.pointer, sources: edges.sources.pointer, scales: scales)
  }

  /// Global id of every row: what keys its dropout.
  var dropoutKeys: UnsafePointer<Int64> { UnsafeRawPointer(sourceIDs.pointer).assumingMemoryBound(to: Int64.self) }
}
