public import Kernels
public import Tensors

/// The in-edges of a part's inner nodes, all of them: CSC in canonical order.
public struct InferenceEdges: Sendable {
  /// Shape (inner nodes + 1).
  public let indptr: ArrayView<Int64>
  /// Part-local id of each edge's source.
  public let indices: ArrayView<UInt32>
  /// Relation of each edge, increasing inside a destination; `nil` with one relation.
  public let relations: ArrayView<UInt16>?
  /// Part-local ids: inner nodes, then halo nodes.
  public let sourceCount: Int
  /// In-edges of every part-local id in the whole graph; `nil` where the model does not read them.
  public let degrees: ArrayView<UInt32>?
  /// Rows of the edges themselves, of the relations that have some, in their order; empty where the model does not read them.
  public let rows: [InferenceEdgeRows]

  public init(
    indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, relations: ArrayView<UInt16>?, sourceCount: Int, degrees: ArrayView<UInt32>?,
    rows: [InferenceEdgeRows] = []
  ) {
    precondition(rows.allSatisfy { $0.indptr.count == indptr.count }, "edge rows of other nodes")
    precondition(!indptr.isEmpty && relations.map { $0.count == indices.count } ?? true, "one relation per edge")
    precondition(degrees.map { $0.count == sourceCount } ?? true, "one degree per part-local id")
    self.indptr = indptr
    self.indices = indices
    self.relations = relations
    self.sourceCount = sourceCount
    self.degrees = degrees
    self.rows = rows
  }

  /// Writes where each destination's edges of each relation begin and end, counted from the first edge of `destinations`.
  ///
  /// - Parameter bounds: Shape (relations, 2, `destinations.count`).
  func writeBounds(of destinations: Range<Int>, relationCount: Int, to bounds: UnsafeMutablePointer<UInt32>) {
    let first = indptr[destinations.lowerBound]
    for (row, destination) in destinations.enumerated() {
      var edge = indptr[destination]
      let end = indptr[destination + 1]
      for relation in 0..<relationCount {
        let place = 2 * relation * destinations.count + row
        bounds[place] = UInt32(edge - first)
        if let relations {
          while edge < end, relations.pointer[Int(edge)] == relation { edge += 1 }
        } else {
          edge = end
        }
        bounds[place + destinations.count] = UInt32(edge - first)
      }
      precondition(edge == end, "an edge of no known relation, or out of order")
    }
  }
}

/// The rows of a part's in-edges along one relation, in the order of its CSC.
public struct InferenceEdgeRows: Sendable {
  /// One segment: row `i` is that of the relation's edge `i` in the part.
  public let rows: InputRows.Segments
  /// The relation's first edge of each inner node, shape (inner nodes + 1).
  public let indptr: ArrayView<Int64>

  public init(_ rows: InputRows.Segments, indptr: ArrayView<Int64>) {
    precondition(rows.count == 1, "a part's edge rows in \(rows.count) segments")
    self.rows = rows
    self.indptr = indptr
  }

  /// Rows of the edges of inner nodes `destinations`.
  func range(of destinations: Range<Int>) -> Range<Int> {
    Int(indptr[destinations.lowerBound])..<Int(indptr[destinations.upperBound])
  }
}

/// The rows that one layer of exact inference reads, one per part-local id: inner nodes, then halo nodes.
public final class InferenceRows: Sendable {
  let rows: InputRows
  /// Dense rows by number; `nil` when they are sparse.
  let source: RowSource?
  /// Factors of dense rows under row normalisation.
  let scales: GrowingBuffer<Float>?

  /// - Parameter rows: Input rows for layer 0, else the outputs of the layer before; valid while this object is used.
  public init(_ rows: InputRows, layer: Int, of model: Model, threads: Threads) {
    precondition(rows.columns == model.shape.inputWidth(of: layer), "rows of another width")
    self.rows = rows
    source = layer == 0 && model.shape.sparseInput ? nil : RowSource(rows, segments: SegmentTable())
    guard layer == 0, model.shape.rowNormalise, let source else {
      scales = nil
      return
    }
    let scales = GrowingBuffer<Float>()
    _ = model.rowScales(of: source, scales, threads)
    self.scales = scales
  }

  /// What a layer reads of part-local ids `range`: sparse rows are copied to `entries`.
  func input(_ range: Range<Int>, of model: Model, entries: SparseEntries, _ threads: Threads) -> LayerInput {
    if let source { return .rows(source, scales: scales.map { UnsafePointer($0.pointer) }) }
    entries.fill(rows, range, normalise: model.shape.rowNormalise, threads: threads)
    return .sparse(entries, first: range.lowerBound)
  }
}

/// Scratch of exact inference, used again for every chunk and layer; belongs to one caller at a time.
public final class InferenceWorkspace: Sendable {
  let entries = SparseEntries()
  let bounds = GrowingBuffer<UInt32>()
  let layer: LayerWorkspace
  let kept = GrowingBuffer<Float>()

  /// - Parameter aggregator: Brings the rows of neighbours together in layers that sum them.
  public init(_ model: Model, aggregator: any Aggregator = CPUAggregator()) {
    layer = LayerWorkspace(relations: model.shape.relations.count, aggregator: aggregator)
  }
}
