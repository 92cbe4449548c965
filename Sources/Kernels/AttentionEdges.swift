internal import CKernels
public import Tensors

/// The in-edges over which each destination spreads its attention.
///
/// With self loops every destination has one edge more, from its own row, after its others; an edge from itself that the data
/// holds counts as a further neighbour. Letters: `D` destinations, `E` edges.
///
/// What is kept of an edge has a slot: edge `e` of destination `v` the slot `e`, or with self loops `e + v`; the self loop the slot after the
/// destination's last. Slots of one destination follow each other, its edges in order.
public struct AttentionEdges: Sendable {
  /// Its weights and scales are not read.
  public let neighborhood: Neighborhood
  /// Source row of destination 0, that of destination `i` is `ownRow + i`; `nil`: no self loops.
  public let ownRow: Int?

  public init(_ neighborhood: Neighborhood, ownRow: Int?) {
    self.neighborhood = neighborhood
    self.ownRow = ownRow
  }

  /// Slots of all destinations, given that the edges end at `edgeCount`.
  public func slotCount(edgeCount: Int) -> Int { edgeCount + (ownRow == nil ? 0 : neighborhood.destinationCount) }

  /// Sources of a destination in the order of its slots.
  package func sources(of destination: Int) -> [Int] {
    let range = Int(neighborhood.begin[destination])..<Int(neighborhood.end[destination])
    return range.map { Int(neighborhood.sources[$0]) } + (ownRow.map { [$0 + destination] } ?? [])
  }

  /// First slot of a destination.
  package func firstSlot(of destination: Int) -> Int {
    Int(neighborhood.begin[destination]) + (ownRow == nil ? 0 : destination)
  }

  func native(_ range: Range<Int>, _ heads: AttentionHeads) -> halo_attention {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= neighborhood.destinationCount, "destinations outside the neighbourhood")
    var native = halo_attention()
    native.begin = neighborhood.begin + range.lowerBound
    native.end = neighborhood.end + range.lowerBound
    native.sources = neighborhood.sources
    native.first = range.lowerBound
    native.count = range.count
    native.own_row = ownRow.map { $0 + range.lowerBound } ?? Int(bitPattern: UInt.max)
    native.heads = heads.count
    native.width = heads.width
    native.head_step = heads.width
    native.scale = 1
    return native
  }

  func native(
    _ range: Range<Int>, _ heads: AttentionHeads, rows: MatrixView, dropout: AttentionDropout?,
    coefficients: UnsafeMutablePointer<Float>?
  ) -> halo_attention {
    precondition(rows.columns == heads.columns, "rows of \(rows.columns) columns for \(heads)")
    var native = native(range, heads)
    native.rows = UnsafePointer(rows.base)
    native.row_stride = rows.stride
    native.coefficients = coefficients
    dropout?.apply(to: &native, from: range.lowerBound)
    return native
  }
}

/// Dropout of attention coefficients: that of edge `o` of destination `v`, counted in the order of its slots, and head `k` of `H` is kept
/// when column `o·H + k` of the row of `v`'s global id is, see `Dropout`; kept coefficients are multiplied by its scale.
public struct AttentionDropout: @unchecked Sendable {
  // Sendable: read-only; its maker keeps the ids valid and unchanged while it is used.
  public let dropout: Dropout
  /// Global id of each destination.
  public let ids: UnsafePointer<Int64>

  public init(_ dropout: Dropout, ids: UnsafePointer<Int64>) {
    self.dropout = dropout
    self.ids = ids
  }

  func apply(to native: inout halo_attention, from destination: Int) {
    native.ids = ids + destination
    native.key = dropout.key.value
    native.step = dropout.step
    native.threshold = dropout.threshold
    native.scale = dropout.scale
  }
}

/// What the backward passes of GAT and GATv2 share: the edges by source, and what is known of their destinations.
///
/// The gradient of a score before the softmax is `α · (∂α − Σ α·∂α)`, the sum over the destination's edges. That sum is the product of the
/// destination's output and its gradient, known beforehand, so that one gather of the destinations' gradients along the edges by
/// source gives everything; no two threads add to one row.
public struct AttentionBackward: @unchecked Sendable {
  // Sendable: parallel kernels write disjoint rows and slots.
  let heads: AttentionHeads
  let edges: AttentionEdges
  let transposed: TransposedEdges
  let gradient: MatrixView
  let products: MatrixView
  let coefficients: UnsafePointer<Float>
  let scale: Float
  let scoreGradients: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - edges: As in the forward pass, over all destinations; the own row of destination 0 is row 0.
  ///   - transposed: The same edges by source, numbered.
  ///   - gradient: Gradient of the outputs, shape (D, H·F).
  ///   - products: `heads.dots` of outputs and their gradient, shape (D, H).
  ///   - coefficients: What the forward pass kept, shape (slots, H).
  ///   - scale: The scale of the forward pass's dropout; 1 without.
  ///   - scoreGradients: Receives the gradient of the scores, shape (slots, H): before the leaky ReLU of GAT, before the softmax of
  ///     GATv2.
  public init(
    heads: AttentionHeads, edges: AttentionEdges, transposed: TransposedEdges, gradient: MatrixView, products: MatrixView,
    coefficients: UnsafePointer<Float>, scale: Float, scoreGradients: UnsafeMutablePointer<Float>
  ) {
    let destinations = edges.neighborhood.destinationCount
    precondition(edges.ownRow ?? 0 == 0, "destinations are the first of the sources")
    precondition(transposed.numbers.count == transposed.destinations.count, "edges by source without their numbers")
    precondition(
      gradient.rows >= destinations && gradient.columns == heads.columns && products.rows >= destinations
        && products.columns == heads.count, "gradients of another shape")
    self.heads = heads
    self.edges = edges
    self.transposed = transposed
    self.gradient = gradient
    self.products = products
    self.coefficients = coefficients
    self.scale = scale
    self.scoreGradients = scoreGradients
  }

  /// For sources `range`, whose rows are `rows`.
  func native(_ range: Range<Int>, rows: MatrixView, out: MatrixView) -> halo_attention_transposed {
    precondition(range.lowerBound >= 0 && range.upperBound < transposed.indptr.count, "sources outside the edges")
    precondition(
      rows.rows == range.count && rows.columns == heads.columns && out.rows == range.count && out.columns == heads.columns,
      "rows of another shape")
    var native = halo_attention_transposed()
    native.begin = UnsafePointer(transposed.indptr.pointer + range.lowerBound)
    native.end = UnsafePointer(transposed.indptr.pointer + range.lowerBound + 1)
    native.destinations = UnsafePointer(transposed.destinations.pointer)
    native.edges = UnsafePointer(transposed.numbers.pointer)
    native.first = range.lowerBound
    native.count = range.count
    native.own_end = edges.ownRow == nil ? nil : edges.neighborhood.end
    native.own_count = edges.neighborhood.destinationCount
    native.heads = heads.count
    native.width = heads.width
    native.rows = UnsafePointer(rows.base)
    native.row_stride = rows.stride
    native.gradient = UnsafePointer(gradient.base)
    native.gradient_stride = gradient.stride
    native.products = UnsafePointer(products.base)
    native.product_stride = products.stride
    native.coefficients = coefficients
    native.scale = scale
    native.score_gradients = scoreGradients
    return native
  }
}
