import Kernels
public import Tensors

/// The rows of `FirstHop`, computed in pieces over whole neighbourhoods.
extension Model {
  /// Dense aggregated rows of inner nodes, by the kernels of exact inference.
  ///
  /// - Parameters:
  ///   - destinations: Part-local ids of inner nodes.
  ///   - rows: Input rows, one per part-local id that is a destination or a source of one.
  ///   - out: Row `i` receives destination `destinations.lowerBound + i`; shape (`destinations.count`, columns of `firstHop`).
  ///     No cut of the nodes into ranges changes a bit.
  public func aggregateRows(
    edges: InferenceEdges, destinations: Range<Int>, rows: InferenceRows, into out: MatrixView, workspace: InferenceWorkspace,
    threads: Threads
  ) {
    guard let firstHop, let source = rows.source else { preconditionFailure("dense rows that are gathered without parameters") }
    precondition(out.rows == destinations.count && out.columns == firstHop.columns, "aggregated rows of another shape")
    let scales = rows.scales.map { UnsafePointer($0.pointer) }
    let nodeScales = nodeScales(edges, workspace.layer.sourceScales)
    let propagation = propagation
    let factors = product(scales, nodeScales, count: edges.sourceCount, in: workspace.layer.factoredScales)
    let edges = LayerEdges(edges, destinations: destinations, relationCount: firstHop.relations, bounds: workspace.bounds)
    nonisolated(unsafe) let (own, node, both) = (scales, nodeScales, factors)
    threads.forEachChunk(of: destinations.count, by: Tiles.height) { tile in
      let target = out.rows(tile)
      if firstHop.hasOwnRow {
        Gather.copy(from: edges.own(tile).lowerBound, of: source, scales: own, into: target.columns(firstHop.columns(of: nil)))
      }
      for relation in 0..<firstHop.relations {
        let gathered = target.columns(firstHop.columns(of: relation))
        if let propagation {
          let means = Gathered(source, along: edges.neighborhood(relation, scales: both), .mean)
          propagation.propagate(tile, edges, relation, means, source, scales: node, factors: both, firstHop.selfWeight, into: gathered)
        } else {
          Aggregation.aggregate(tile, of: edges.neighborhood(relation, scales: own), rows: source, .mean, into: gathered)
        }
      }
    }
  }

  /// Sparse aggregated rows of inner nodes; parameters as above.
  ///
  /// - Parameter out: The rows are appended, in the order of `destinations`.
  public func aggregateRows(
    edges: InferenceEdges, destinations: Range<Int>, rows: InferenceRows, into out: SparseRowList, workspace: InferenceWorkspace,
    threads: Threads
  ) {
    guard let firstHop, case .sparse(let segments) = rows.rows.segments else { preconditionFailure("sparse rows without parameters") }
    nonisolated(unsafe) let nodeScales = nodeScales(edges, workspace.layer.sourceScales)
    let references = rows.rows.references
    let edges = LayerEdges(edges, destinations: destinations, relationCount: firstHop.relations, bounds: workspace.bounds)
    let tiles = (0..<(destinations.count + Tiles.height - 1) / Tiles.height).map { _ in SparseRowList() }
    nonisolated(unsafe) let input = references
    threads.forEachChunk(of: destinations.count, by: Tiles.height) { tile in
      let list = tiles[tile.lowerBound / Tiles.height]
      let sum = SparseRowSum(columns: firstHop.inputs)
      for row in tile {
        let node = edges.own(row..<row + 1).lowerBound
        let first = list.columns.count
        if firstHop.hasOwnRow {
          sum.add(input[node], in: segments, times: 1, normalise: firstHop.rowNormalise)
          sum.take(times: 1, shiftedBy: 0, columns: list.columns, values: list.values)
        }
        let scale = nodeScales?[node] ?? 1
        for relation in 0..<firstHop.relations {
          let neighbours = edges.relations[relation]
          for edge in Int(neighbours.begin[row])..<Int(neighbours.end[row]) {
            let source = Int(neighbours.sources[edge])
            sum.add(input[source], in: segments, times: nodeScales?[source] ?? 1, normalise: firstHop.rowNormalise)
          }
          if firstHop.selfWeight != 0 { sum.add(input[node], in: segments, times: scale, normalise: firstHop.rowNormalise) }
          let count = neighbours.end[row] - neighbours.begin[row]
          sum.take(
            times: firstHop.aggregation == .mean ? 1 / Float(max(1, count)) : scale,
            shiftedBy: firstHop.columns(of: relation).lowerBound, columns: list.columns, values: list.values)
        }
        list.lengths.append(UInt32(list.columns.count - first))
      }
    }
    for tile in tiles { out.append(tile) }
  }

  /// The first layer's sums over neighbours, of GCN and GIN.
  private var propagation: PropagationConvolution? {
    layers[0].convolution as? PropagationConvolution ?? (layers[0].convolution as? GINConvolution)?.propagation
  }

  /// `s` of every part-local id, in `buffer`; `nil`: 1.
  private func nodeScales(_ edges: InferenceEdges, _ buffer: GrowingBuffer<Float>) -> UnsafePointer<Float>? {
    guard shape.kind == .gcn, let propagation, let degrees = edges.degrees else { return nil }
    buffer.resize(to: edges.sourceCount)
    for row in 0..<edges.sourceCount { buffer.pointer[row] = propagation.rootScale(degrees[row]) }
    return UnsafePointer(buffer.pointer)
  }

  /// Element by element; `nil` stands for ones.
  private func product(
    _ a: UnsafePointer<Float>?, _ b: UnsafePointer<Float>?, count: Int, in buffer: GrowingBuffer<Float>
  ) -> UnsafePointer<Float>? {
    guard let a, let b else { return a ?? b }
    buffer.resize(to: count)
    for row in 0..<count { buffer.pointer[row] = b[row] * a[row] }
    return UnsafePointer(buffer.pointer)
  }
}

/// Sparse rows one after the other.
public final class SparseRowList: Sendable {
  /// Entries of each row.
  public let lengths = GrowingBuffer<UInt32>()
  /// Column of each entry, increasing inside a row.
  public let columns = GrowingBuffer<UInt32>()
  public let values = GrowingBuffer<Float>()

  public init() {}

  public func removeAll() {
    lengths.removeAll()
    columns.removeAll()
    values.removeAll()
  }

  func append(_ other: SparseRowList) {
    lengths.append(contentsOf: other.lengths.readOnly)
    columns.append(contentsOf: other.columns.readOnly)
    values.append(contentsOf: other.values.readOnly)
  }
}
