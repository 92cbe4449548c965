public import Collectives
import Graphs
public import KVStore
import Kernels
public import Models
public import Partitions
public import Tensors

/// Exact inference: every layer is computed for all inner nodes from their whole neighbourhoods before the next one begins.
///
/// Between layers the rows of halo nodes are exchanged: the layer's input where it aggregates first, its product with the weights,
/// which is narrower, where it transforms first. Each part's rows are a function of the partition and the weights alone: the same
/// bits for any number of workers and threads. Memory: two layers of the worker's inner rows, and its halo rows once.
public final class LayerwiseInference {
  private let parts: [LocalPartition]
  private let model: Model
  private let store: RowStore
  private let halo: HaloExchange
  private let threads: Threads
  private let edges: [InferenceEdges]
  private let workspace: InferenceWorkspace

  /// A collective call.
  ///
  /// - Parameters:
  ///   - parts: The worker's own parts, increasing.
  ///   - store: Gives the input rows of inner and halo nodes.
  public init(
    parts: [LocalPartition], model: Model, store: RowStore, assignment: PartAssignment, group: any ProcessGroup, threads: Threads
  ) throws {
    self.parts = parts
    self.model = model
    self.store = store
    self.threads = threads
    workspace = InferenceWorkspace(model)
    edges = parts.map { InferenceEdges($0, degrees: model.shape.readsDegrees) }
    halo = try HaloExchange(parts: parts, assignment: assignment, group: group)
  }

  /// The model's output for the inner nodes of each own part, shape (inner, classes); a collective call.
  public func run(weights: UnsafePointer<Float>) throws -> [Matrix] {
    var outputs: [Matrix] = []
    // What a jumping connection joins at last, by layer.
    var joined: [[Matrix]] = []
    for layer in 0..<model.shape.layers {
      let arena = RowArena()  // Holds the pulled rows of the first layer; its memory ends with the layer.
      let rows = try inputRows(of: layer, previous: outputs, arena)
      let transformed = try transformedRows(of: layer, rows: rows, weights: weights)
      outputs = parts.enumerated().map { index, part in
        let output = Matrix(rows: part.innerCount, columns: model.shape.outputWidth(of: layer))
        model.inferLayer(
          layer, edges: edges[index], destinations: 0..<part.innerCount, rows: rows[index], transformed: transformed?[index].view,
          weights: weights,
          into: output.view, workspace: workspace, threads: threads)
        return output
      }
      withExtendedLifetime(arena) {}
      if let layers = model.headLayers, layers.contains(layer) { joined.append(outputs) }
    }
    return joined.isEmpty ? outputs : head(of: joined, weights: weights)
  }

  /// The logits of a model with a jumping connection.
  private func head(of layers: [[Matrix]], weights: UnsafePointer<Float>) -> [Matrix] {
    parts.enumerated().map { index, part in
      let logits = Matrix(rows: part.innerCount, columns: model.shape.classes)
      withExtendedLifetime(layers) {
        model.inferHead(
          layers.map { $0[index].view }, rows: 0..<part.innerCount, weights: weights, into: logits.view, workspace: workspace,
          threads: threads)
      }
      return logits
    }
  }

  /// What `layer` reads, one row per part-local id: of inner nodes alone where it transforms first.
  private func inputRows(of layer: Int, previous: [Matrix], _ arena: RowArena) throws -> [InferenceRows] {
    let innerOnly = model.transformedColumns(of: layer) > 0
    let rows: [InputRows]
    if layer == 0 {
      rows = try featureRows(innerOnly: innerOnly, into: arena)
    } else {
      let segments = innerOnly ? previous.map { RowSegment($0.view, owner: $0) } : try halo.exchange(previous)
      rows = parts.indices.map { index in
        let references = halo.references(ofPart: index)
        let needed = innerOnly ? UnsafeBufferPointer(rebasing: references[..<parts[index].innerCount]) : references
        return InputRows(segments: .dense(segments), references: needed, columns: previous[index].columns)
      }
    }
    return rows.map { InferenceRows($0, layer: layer, of: model, threads: threads) }
  }

  private func featureRows(innerOnly: Bool, into arena: RowArena) throws -> [InputRows] {
    let lists = parts.map { part in
      let ids = Buffer<GlobalID>(count: innerOnly ? part.innerCount : part.innerCount + part.haloCount)
      for local in 0..<ids.count { ids.pointer[local] = part.globalID(of: PartLocalID(UInt32(local))) }
      return ids
    }
    return try withExtendedLifetime(lists) {
      try store.resolve(
        lists.map { UnsafeBufferPointer(start: $0.pointer, count: $0.count) }, step: 0, into: arena, threads: threads)
    }
  }

  /// The products of a layer that transforms first, one row per part-local id, computed by the owner of each node; else `nil`.
  private func transformedRows(of layer: Int, rows: [InferenceRows], weights: UnsafePointer<Float>) throws -> [Matrix]? {
    let width = model.transformedColumns(of: layer)
    guard width > 0 else { return nil }
    let products = parts.enumerated().map { index, part in
      let product = Matrix(rows: part.innerCount + part.haloCount, columns: width)
      model.inferTransform(
        layer, rows: rows[index], range: 0..<part.innerCount, weights: weights, into: product.view.prefix(part.innerCount),
        workspace: workspace, threads: threads)
      return product
    }
    let segments = try halo.exchange(products)
    for (index, part) in parts.enumerated() {
      let references = halo.references(ofPart: index)
      let product = products[index].view
      for local in part.innerCount..<product.rows {
        let reference = references[local]
        let segment = segments[reference.segment]
        let row = (segment.base + reference.row * segment.strideBytes).assumingMemoryBound(to: Float.self)
        product.row(local).update(from: row, count: width)
      }
    }
    return products
  }
}

extension InferenceEdges {
  /// All in-edges of a part's inner nodes.
  ///
  /// - Parameter degrees: Whether the model reads degrees.
  fileprivate init(_ part: LocalPartition, degrees wantsDegrees: Bool) {
    var degrees: ArrayView<UInt32>?
    if wantsDegrees {
      let both = Buffer<UInt32>(count: part.innerCount + part.haloCount)
      both.pointer.update(from: part.degrees.pointer, count: part.innerCount)
      (both.pointer + part.innerCount).update(from: part.haloDegrees.pointer, count: part.haloCount)
      degrees = both.view
    }
    self.init(
      indptr: part.indptr, indices: part.indices, relations: part.relations, sourceCount: part.innerCount + part.haloCount,
      degrees: degrees)
  }
}
