public import Collectives
import Graphs
public import KVStore
public import Kernels
public import Models
public import Partitions
public import Tensors

/// Exact inference: every layer is computed for all inner nodes from their whole neighbourhoods before the next one begins.
///
/// Between layers the rows of halo nodes are exchanged: the layer's input where it aggregates first, its product with the weights,
/// which is narrower, where it transforms first. Each part's rows are a function of the partition and the weights alone: the same
/// bits for any number of workers and threads, any chunks and any storage. Where the aggregator takes whole layers, a part is one chunk.
public final class LayerwiseInference {
  let parts: [LocalPartition]
  let model: Model
  let input: InferenceInput
  let halo: HaloExchange
  let group: any ProcessGroup
  let aggregator: any Aggregator
  let heldInputBytes: Int
  private let threads: Threads
  let edges: [InferenceEdges]
  private let workspace: InferenceWorkspace
  /// Fixed and learned input columns, part by part.
  private var joined: [JoinedRows] = []

  /// A collective call.
  ///
  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - input: Gives the input rows, of the model's width and layout.
  ///   - aggregator: Brings the rows of neighbours together; whole layers at once only for a model whose layers sum them.
  ///   - edgeFeatures: Table of the rows of edges that every relation of `model.shape.edgeRelations` has.
  ///   - heldInputBytes: Bytes of input rows that the caller holds in memory of its own, which counts.
  public init(
    parts: [LocalPartition], model: Model, input: InferenceInput, assignment: PartAssignment, group: any ProcessGroup,
    aggregator: any Aggregator = CPUAggregator(), edgeFeatures: String? = nil, heldInputBytes: Int = 0, threads: Threads
  ) throws {
    self.heldInputBytes = heldInputBytes
    precondition(!aggregator.takesWholeLayers || model.shape.kind.sumsNeighbours, "\(model.shape.kind) sums no rows")
    self.parts = parts
    self.model = model
    self.input = input
    self.group = group
    self.aggregator = aggregator
    self.threads = threads
    workspace = InferenceWorkspace(model, aggregator: aggregator)
    edges = parts.map { InferenceEdges($0, degrees: model.shape.readsDegrees, edgeFeatures, of: model.shape.edgeRelations) }
    halo = try HaloExchange(parts: parts, assignment: assignment, group: group)
  }

  /// A collective call; input rows of inner and halo nodes come from `store`.
  public convenience init(
    parts: [LocalPartition], model: Model, store: RowStore, assignment: PartAssignment, group: any ProcessGroup, threads: Threads
  ) throws {
    try self.init(parts: parts, model: model, input: .store(store), assignment: assignment, group: group, threads: threads)
  }

  /// The model's output for the inner nodes of each own part, shape (inner, classes); a collective call.
  ///
  /// Memory: two layers of the worker's inner rows, and its halo rows once.
  public func run(weights: UnsafePointer<Float>) throws -> [Matrix] {
    try run(weights: weights, storage: MemoryStorage(innerCounts: parts.map(\.innerCount)))
  }

  /// The model's output for the inner nodes of each own part, kept and cut as `storage` says; a collective call.
  public func run<Storage: InferenceStorage>(weights: UnsafePointer<Float>, storage: Storage) throws -> [Storage.Rows] {
    let steps = InferenceSteps(model, joins: storage.joins)
    // What later steps read, by step.
    var results: [Int: [Storage.Rows]] = [:]
    for step in 0..<steps.count {
      if step >= storage.finishedSteps {
        results[step] = try compute(step, of: steps, results, weights, storage)
        try storage.finish(step, of: steps)
      } else if steps.isRead(step, from: storage.finishedSteps) || step == steps.count - 1 {
        results[step] = try rows(of: step, of: steps, storage) { _, _ in preconditionFailure("step \(step) is finished") }
      }
      for old in 0..<step where !steps.isRead(old, from: step + 1) { results[old] = nil }
    }
    return results[steps.count - 1] ?? []
  }

  private func compute<Storage: InferenceStorage>(
    _ step: Int, of steps: InferenceSteps, _ results: [Int: [Storage.Rows]], _ weights: UnsafePointer<Float>, _ storage: Storage
  ) throws -> [Storage.Rows] {
    let read = steps.reads(of: step).map { results[$0] ?? [] }
    let chunk = storage.chunkRows(of: step)
    return try withExtendedLifetime(read) {
      switch steps.steps[step] {
      case .layer(let layer):
        return try compute(layer, from: read.last ?? [], weights, storage, chunk: chunk) { fill in
          try rows(of: step, of: steps, storage, fill: fill)
        }
      case .join:
        return try rows(of: step, of: steps, storage) { index, out in
          forEachChunk(of: out, by: chunk) { model.inferJoined(read.map { $0[index].view }, rows: $0, into: $1) }
        }
      case .head:
        return try rows(of: step, of: steps, storage) { index, out in
          forEachChunk(of: out, by: chunk) { range, out in
            model.inferHead(
              read.map { $0[index].view }, rows: range, weights: weights, into: out, workspace: workspace, threads: threads)
          }
        }
      }
    }
  }

  /// - Parameter store: Makes the rows of every own part, each filled by the function it is given.
  private func compute<Storage: InferenceStorage>(
    _ layer: Int, from previous: [Storage.Rows], _ weights: UnsafePointer<Float>, _ storage: Storage, chunk: Int,
    _ store: ((Int, MatrixView) throws -> Void) throws -> [Storage.Rows]
  ) throws -> [Storage.Rows] {
    let arena = RowArena()  // Holds the pulled rows of the first layer; its memory ends with the layer.
    let rows = try inputRows(of: layer, previous: previous, arena, storage)
    let transformed = try transformedRows(of: layer, rows: rows, weights, storage, chunk: chunk)
    return try withExtendedLifetime((arena, rows, transformed)) {
      try store { index, out in
        forEachChunk(of: out, by: chunk) { range, out in
          model.inferLayer(
            layer, edges: edges[index], destinations: range, rows: rows[index], transformed: transformed?[index].view, weights: weights,
            into: out, workspace: workspace, threads: threads)
        }
        // Before the rows count as finished.
        try aggregator.check()
      }
    }
  }

  private func rows<Storage: InferenceStorage>(
    of step: Int, of steps: InferenceSteps, _ storage: Storage, fill: (Int, MatrixView) throws -> Void
  ) throws -> [Storage.Rows] {
    try parts.indices.map { index in
      try storage.rows(of: step, part: index, columns: steps.columns(step, of: model)) { try fill(index, $0) }
    }
  }

  private func forEachChunk(of rows: MatrixView, by chunk: Int, _ body: (Range<Int>, MatrixView) -> Void) {
    for low in stride(from: 0, to: rows.rows, by: chunk) {
      let range = low..<min(rows.rows, low + chunk)
      body(range, rows.rows(range))
    }
  }

  /// What `layer` reads, one row per part-local id: of inner nodes alone where it transforms first.
  private func inputRows<Storage: InferenceStorage>(
    of layer: Int, previous: [Storage.Rows], _ arena: RowArena, _ storage: Storage
  ) throws -> [InferenceRows] {
    let innerOnly = model.transformedColumns(of: layer) > 0
    let rows: [InputRows]
    switch input {
    case .store(let store) where layer == 0:
      rows = try withNodes(innerOnly: innerOnly) { try store.resolve($0, step: 0, into: arena, threads: threads) }
    case .learned(let learned, let fixed) where layer == 0:
      rows = try withNodes(innerOnly: innerOnly) { nodes in
        try learned.resolve(nodes, threads: threads)
        let before = try fixed?.resolve(nodes, step: 0, into: arena, threads: threads)
        return learned.rows(after: before, in: &joined, threads: threads)
      }
    case .tables(let tables) where layer == 0:
      rows = try referenced(InferenceInput.segments(of: tables), layer: layer, innerOnly: innerOnly, storage)
    default:
      rows = try referenced(
        .dense(previous.map { RowSegment($0.view, owner: $0) }), layer: layer, innerOnly: innerOnly, storage)
    }
    return rows.map { InferenceRows($0, layer: layer, of: model, threads: threads) }
  }

  /// Rows of own parts and, unless they are not needed, those of halo nodes that other workers own.
  private func referenced(
    _ own: InputRows.Segments, layer: Int, innerOnly: Bool, _ storage: some InferenceStorage
  ) throws -> [InputRows] {
    let columns = model.shape.inputWidth(of: layer)
    var segments = own
    if !innerOnly {
      guard case .dense(let rows) = own else { preconditionFailure("sparse rows are transformed first") }
      segments = .dense(rows + [try arrivedRows(of: rows, columns: columns, storage)])
    }
    return parts.indices.map { index in
      let references = halo.references(ofPart: index)
      let needed = innerOnly ? UnsafeBufferPointer(rebasing: references[..<parts[index].innerCount]) : references
      return InputRows(segments: segments, references: needed, columns: columns)
    }
  }

  private func arrivedRows(of segments: [RowSegment], columns: Int, _ storage: some InferenceStorage) throws -> RowSegment {
    let type = segments[0].elementType
    let rowBytes = type.rowBytes(columns: columns)
    let words = HaloExchange.words(rowBytes)
    let arrived = try storage.scratch(rows: halo.arrivingRows, columns: words)
    try halo.exchange(segments, rowBytes: rowBytes, into: arrived.view, roundBytes: storage.roundBytes)
    return RowSegment(
      base: UnsafeRawPointer(arrived.view.base), rows: arrived.view.rows, strideBytes: 4 * words, elementType: type, owner: arrived)
  }

  /// Calls `body` with the global ids of every own part's nodes, by part-local id.
  private func withNodes<Result>(innerOnly: Bool, _ body: ([UnsafeBufferPointer<GlobalID>]) throws -> Result) rethrows -> Result {
    let lists = parts.map { part in
      let ids = Buffer<GlobalID>(count: innerOnly ? part.innerCount : part.innerCount + part.haloCount)
      for local in 0..<ids.count { ids.pointer[local] = part.globalID(of: PartLocalID(UInt32(local))) }
      return ids
    }
    return try withExtendedLifetime(lists) {
      try body(lists.map { UnsafeBufferPointer(start: $0.pointer, count: $0.count) })
    }
  }

  /// The products of a layer that transforms first, one row per part-local id, computed by the owner of each node; else `nil`.
  private func transformedRows(
    of layer: Int, rows: [InferenceRows], _ weights: UnsafePointer<Float>, _ storage: some InferenceStorage, chunk: Int
  ) throws -> [any RowOwner]? {
    let width = model.transformedColumns(of: layer)
    guard width > 0 else { return nil }
    let products = try parts.map { try storage.scratch(rows: $0.innerCount + $0.haloCount, columns: width) }
    for (index, part) in parts.enumerated() {
      forEachChunk(of: products[index].view.prefix(part.innerCount), by: chunk) { range, out in
        model.inferTransform(
          layer, rows: rows[index], range: range, weights: weights, into: out, workspace: workspace, threads: threads)
      }
    }
    let own = products.map { RowSegment($0.view, owner: $0) }
    let segments = own + [try arrivedRows(of: own, columns: width, storage)]
    for (index, part) in parts.enumerated() {
      let references = halo.references(ofPart: index)
      let product = products[index].view
      for local in part.innerCount..<product.rows {
        let segment = segments[references[local].segment]
        let row = (segment.base + references[local].row * segment.strideBytes).assumingMemoryBound(to: Float.self)
        product.row(local).update(from: row, count: width)
      }
    }
    return products
  }
}
