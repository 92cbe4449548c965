import Kernels
public import Tensors

/// Exact inference in pieces: layer after layer, each over all in-neighbours and without dropout.
///
/// A layer whose `transformedColumns` is 0 reads the input rows of neighbours. For any other one the owner of each node computes
/// what neighbours need of it with `inferTransform`, and only that travels.
extension Model {
  /// Columns of what `inferTransform` computes for a layer: the rows that neighbours need instead of the layer's input; 0 where
  /// neighbours need the input itself.
  public func transformedColumns(of layer: Int) -> Int { layers[layer].convolution.transformedWidth }

  /// First half of a layer that transforms its rows first, for the part-local ids of `range`.
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
    precondition(
      transformed.rows == range.count && transformed.columns == layer.convolution.transformedWidth, "transformed rows of another shape")
    let input = rows.input(range, of: self, entries: workspace.entries, threads)
    layer.transform(range, input, weights, into: transformed, own: nil, workspace.layer, threads)
  }

  /// One layer for `destinations`, over all their in-neighbours, without dropout.
  ///
  /// - Parameters:
  ///   - destinations: Part-local ids of inner nodes.
  ///   - rows: What the layer reads, one row per part-local id; of inner nodes alone where it transforms first.
  ///   - transformed: For a layer that transforms first, what `inferTransform` gave for every part-local id; else unused.
  ///   - out: Row `i` receives destination `destinations.lowerBound + i`: the layer's output, or its logits; shape
  ///     (`destinations.count`, output width).
  /// - Precondition: `destinations.lowerBound` is a multiple of `Tiles.height`: then no cut of the nodes into chunks changes a bit.
  public func inferLayer(
    _ layer: Int, edges: InferenceEdges, destinations: Range<Int>, rows: InferenceRows, transformed: MatrixView? = nil,
    weights: UnsafePointer<Float>, into out: MatrixView, workspace: InferenceWorkspace, threads: Threads
  ) {
    let layer = layers[layer]
    precondition(
      destinations.lowerBound % Tiles.height == 0 && destinations.upperBound < edges.indptr.count, "destinations between tiles")
    precondition(out.rows == destinations.count && out.columns == layer.convolution.outputs, "output of another shape")
    precondition(
      transformed?.columns ?? 0 == layer.convolution.transformedWidth, "the layer's transformed rows are missing or of another width")
    let here = workspace.layer
    let edges = LayerEdges(
      edges, destinations: destinations, relationCount: shape.relations.count, bounds: workspace.bounds,
      features: shape.readsEdges ? features(of: edges, destinations: destinations, here.edgeFeatures) : [])
    let needsOwnRows = layer.convolution.ownProduct != .none || layer.finish.residual != .none || transformed == nil
    let input = needsOwnRows ? rows.input(destinations, of: self, entries: workspace.entries, threads) : .matrix(out)
    let own = layer.own(out, in: here)
    if let own { layer.transform(destinations, input, weights, into: nil, own: own, here, threads) }
    layer.convolution.prepare(edges, input, weights: weights, here, .inference, threads)
    layer.convolution.gather(edges, input, transformed: transformed, here, threads)
    let residual = layer.finish.residual(edges, input, weights, here.finish, threads)
    let lanes = Lanes(rows: destinations.count)
    let scratch = LaneTiles(lanes, columns: layer.convolution.keptWidth, workspace.kept)
    layer.finish.prepare(rows: lanes.count * Tiles.height, dropout: nil, keeps: false, here.finish)
    nonisolated(unsafe) let weights = weights
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { tile in
        let z = out.rows(tile)
        layer.convolution.combine(
          tile, along: edges, input: input, transformed: transformed, own: own?.rows(tile), weights: weights,
          kept: scratch.tile(of: tile).prefix(tile.count), into: z, workspace: here, mode: .inference)
        let maskRows = lane * Tiles.height..<lane * Tiles.height + tile.count
        layer.finish.apply(
          z, rows: tile, weights: weights, residual: residual, dropout: nil, ids: nil, keeps: false, here.finish, maskRows)
      }
    }
    here.endGathering()
  }

  /// Whether logits are made of the layers' outputs by `inferHead`, and of which layers'.
  public var headLayers: Range<Int>? {
    guard head != nil else { return nil }
    return shape.jump == .last ? shape.layers - 1..<shape.layers : 0..<shape.layers
  }

  /// Logits from the outputs of the layers `headLayers`, for rows `rows` of them.
  ///
  /// - Parameter out: Row `i` receives row `rows.lowerBound + i`; shape (`rows.count`, classes).
  /// - Precondition: `rows.lowerBound` is a multiple of `Tiles.height`.
  public func inferHead(
    _ outputs: [MatrixView], rows: Range<Int>, weights: UnsafePointer<Float>, into out: MatrixView, workspace: InferenceWorkspace,
    threads: Threads
  ) {
    guard let head else { preconditionFailure("the last layer gives the logits") }
    precondition(rows.lowerBound % Tiles.height == 0 && out.rows == rows.count && out.columns == shape.classes, "rows between tiles")
    let lanes = Lanes(rows: rows.count)
    let scratch = LaneTiles(lanes, columns: head.joinedWidth, workspace.kept)
    nonisolated(unsafe) let weights = weights
    threads.forEach(lanes.count) { lane in
      lanes.forEachTile(of: lane) { tile in
        head.apply(
          outputs, rows: rows.lowerBound + tile.lowerBound..<rows.lowerBound + tile.upperBound, weights: weights,
          joined: scratch.tile(of: tile).prefix(tile.count), winners: nil, into: out.rows(tile))
      }
    }
  }
}
