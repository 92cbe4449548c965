import Kernels
public import Tensors

extension Model {
  /// Columns of what `inferTransform` computes for a layer: the rows that neighbours need instead of the layer's input; 0 where
  /// the layer aggregates first and neighbours need the input itself.
  public func transformedColumns(of layer: Int) -> Int {
    layers[layer].order == .transformFirst ? layers[layer].transformedWidth : 0
  }

  /// First half of a layer that transforms first: `x·W_r` for the part-local ids of `range`, all relations side by side.
  ///
  /// - Parameters:
  ///   - transformed: Row `i` receives local id `range.lowerBound + i`; shape (`range.count`, `transformedColumns(of: layer)`).
  /// - Precondition: `range.lowerBound` is a multiple of `Tiles.height`: then no cut of the ids into ranges changes a bit.
  public func inferTransform(
    _ layer: Int, rows: InferenceRows, range: Range<Int>, weights: UnsafePointer<Float>, into transformed: MatrixView,
    workspace: InferenceWorkspace, threads: Threads
  ) {
    let layer = layers[layer]
    precondition(range.lowerBound % Tiles.height == 0 && range.upperBound <= rows.rows.count, "a range between tiles")
    precondition(transformed.rows == range.count && transformed.columns == layer.transformedWidth, "transformed rows of another shape")
    transform(layer, rows, range, weights, into: transformed, own: nil, workspace, threads)
  }

  /// One layer for `destinations`, over all their in-neighbours, without dropout.
  ///
  /// - Parameters:
  ///   - destinations: Part-local ids of inner nodes.
  ///   - rows: What the layer reads, one row per part-local id.
  ///   - transformed: For a layer that transforms first, what `inferTransform` gave for every part-local id; else unused.
  ///   - out: Row `i` receives destination `destinations.lowerBound + i` after the activation, or its logits; shape
  ///     (`destinations.count`, output width).
  /// - Precondition: `destinations.lowerBound` is a multiple of `Tiles.height`: then no cut of the nodes into chunks changes a bit.
  public func inferLayer(
    _ layer: Int, edges: InferenceEdges, destinations: Range<Int>, rows: InferenceRows, transformed: MatrixView? = nil,
    weights: UnsafePointer<Float>, into out: MatrixView, workspace: InferenceWorkspace, threads: Threads
  ) {
    let layer = layers[layer]
    precondition(
      destinations.lowerBound % Tiles.height == 0 && destinations.upperBound < edges.indptr.count, "destinations between tiles")
    precondition(out.rows == destinations.count && out.columns == layer.outputs, "output of another shape")
    if layer.order == .transformFirst {
      transform(layer, rows, destinations, weights, into: nil, own: out, workspace, threads)
    }
    let parameters = layer.parameters(in: weights)
    let lanes = Lanes(rows: destinations.count)
    let tiles = workspace.tiles.tiles(lanes.count, columns: layer.order == .aggregateFirst ? layer.joinedWidth : 0)
    let masks = workspace.masks.mask(rows: lanes.count * Tiles.height, columns: layer.outputs)
    workspace.bounds.resize(to: lanes.count * 2 * layer.relations * Tiles.height)
    let bounds = workspace.bounds
    threads.forEach(lanes.count) { lane in
      let bounds = bounds.pointer + lane * 2 * layer.relations * Tiles.height
      lanes.forEachTile(of: lane) { tile in
        let range = destinations.lowerBound + tile.lowerBound..<destinations.lowerBound + tile.upperBound
        edges.writeBounds(of: range, relationCount: layer.relations, to: bounds)
        let neighborhoods = TileNeighborhoods(edges: edges, first: range.lowerBound, count: range.count, bounds: bounds)
        let z = out.rows(tile)
        switch layer.order {
        case .aggregateFirst:
          layer.aggregateFirst(range, neighborhoods, rows, parameters, joined: tiles.tile(lane).prefix(range.count), into: z)
        case .transformFirst:
          guard let transformed else { preconditionFailure("the layer's transformed rows are missing") }
          layer.addMeans(of: transformed, neighborhoods, to: z)
        }
        layer.finish(z, parameters, mask: masks.rows(lane * Tiles.height..<lane * Tiles.height + range.count))
      }
    }
  }

  /// `x·W_r` into `transformed` and `x·W_self` into `own`, where they are wanted, for local ids `range`.
  private func transform(
    _ layer: SageLayer, _ rows: InferenceRows, _ range: Range<Int>, _ weights: UnsafePointer<Float>, into transformed: MatrixView?,
    own: MatrixView?, _ workspace: InferenceWorkspace, _ threads: Threads
  ) {
    let parameters = layer.parameters(in: weights)
    let input: LayerInput
    if let source = rows.source {
      input = .rows(source, scales: rows.factors)
    } else {
      workspace.entries.fill(rows.rows, range, normalise: shape.rowNormalise, threads: threads)
      input = .sparse(workspace.entries)
    }
    let lanes = Lanes(rows: range.count)
    let tiles = workspace.tiles.tiles(lanes.count, columns: input.tileColumns(layer.inputs))
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { tile in
        // Entries were copied from the start of the range; dense rows are read by their local id.
        let first = rows.source == nil ? 0 : range.lowerBound
        layer.transform(
          first + tile.lowerBound..<first + tile.upperBound, input, parameters,
          into: transformed?.rows(tile), own: own?.rows(tile), tile: tiles.tile(lane))
      }
    }
  }
}

/// The neighbourhoods of one tile of destinations, one per relation.
private struct TileNeighborhoods {
  let edges: InferenceEdges
  let first: Int
  let count: Int
  let bounds: UnsafePointer<UInt32>

  func neighborhood(_ relation: Int, scales: UnsafePointer<Float>? = nil) -> Neighborhood {
    let begin = bounds + 2 * relation * count
    return Neighborhood(
      destinationCount: count, begin: begin, end: begin + count, sources: edges.indices.pointer + Int(edges.indptr[first]), scales: scales)
  }
}

extension SageLayer {
  /// Joins the tile's rows with their means and multiplies.
  fileprivate func aggregateFirst(
    _ range: Range<Int>, _ neighborhoods: TileNeighborhoods, _ rows: InferenceRows, _ parameters: SageParameters, joined: MatrixView,
    into z: MatrixView
  ) {
    guard let source = rows.source else { preconditionFailure("sparse rows are transformed first") }
    Gather.copy(from: range.lowerBound, of: source, scales: rows.factors, into: joined.columns(joinedColumns(nil)))
    for relation in 0..<relations {
      Aggregation.aggregate(
        0..<range.count, of: neighborhoods.neighborhood(relation, scales: rows.factors), rows: source, .mean,
        into: joined.columns(joinedColumns(relation)))
    }
    MatrixProduct.multiply(joined, parameters.weights, into: z)
  }

  fileprivate func addMeans(of transformed: MatrixView, _ neighborhoods: TileNeighborhoods, to z: MatrixView) {
    for relation in 0..<relations {
      Aggregation.aggregate(
        0..<z.rows, of: neighborhoods.neighborhood(relation), rows: RowSource(transformed.columns(transformedColumns(relation))), .mean,
        adding: z, into: z)
    }
  }

  fileprivate func finish(_ z: MatrixView, _ parameters: SageParameters, mask: BitMask) {
    if isLast {
      Activation.bias(z, bias: parameters.bias)
    } else {
      Activation.biasReLU(z, bias: parameters.bias, dropout: nil, ids: nil, mask: mask)
    }
  }
}
