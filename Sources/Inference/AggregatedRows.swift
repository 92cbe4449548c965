public import KVStore
import Kernels
public import Models
public import Partitions
public import Tensors

/// Computes what the first layer gathers of fixed rows for the inner nodes of a part, and writes it to files: the rows of `FirstHop`.
///
/// By the kernels of exact inference, over whole neighbourhoods. Rows are computed in pieces, so that memory is a bound for pulled rows, a
/// piece of results, and 20 bytes per part-local id. A part's files are a function of the partition alone. Confined to one thread.
public final class AggregatedRows {
  /// Bytes of pulled rows at a time, about, unless another number is asked for.
  public static let pulledBytes = 256 << 20
  /// Bytes of results at a time, about.
  private static let pieceBytes = 16 << 20

  private let model: Model
  private let firstHop: FirstHop
  private let store: RowStore
  private let threads: Threads
  private let workspace: InferenceWorkspace
  private let pulledBytes: Int

  /// - Parameters:
  ///   - store: Finds the input rows of any node.
  ///   - pulledBytes: Bytes of pulled rows at a time, about; changes no bit of the result.
  /// - Precondition: The model has a `firstHop`.
  public init(model: Model, store: RowStore, threads: Threads, pulledBytes: Int = AggregatedRows.pulledBytes) {
    guard let firstHop = model.firstHop else { preconditionFailure("the first layer gathers with parameters") }
    self.model = model
    self.firstHop = firstHop
    self.store = store
    self.threads = threads
    self.pulledBytes = pulledBytes
    workspace = InferenceWorkspace(model)
  }

  /// How the rows of `table` are stored once they are aggregated.
  ///
  /// - Parameter elementType: Precision of dense rows.
  public static func description(_ firstHop: FirstHop, of table: TableDescription, elementType: ElementType = .float32) -> TableDescription
  {
    let name = "\(table.name)-first-hop"
    return table.layout == .dense
      ? TableDescription(dense: name, nodeType: table.nodeType, columns: firstHop.columns, elementType: elementType)
      : TableDescription(
        name: name, nodeType: table.nodeType, layout: .sparse, columns: firstHop.columns, elementType: .float32, strideBytes: 0)
  }

  /// Computes and writes one part's rows; not collective, but the owners of halo nodes must answer.
  ///
  /// - Parameters:
  ///   - source: The part's rows of the input table.
  ///   - stored: How the rows are stored; float32 where they are dense.
  ///   - path: The files' path without extension.
  /// - Returns: Extensions of the files.
  public func write(_ part: LocalPartition, source: FeatureTable, as stored: TableDescription, to path: String) throws -> [String] {
    let pieces = NeighbourhoodPieces(part, store: store, limit: pulledBytes / Self.rowBytes(source), threads: threads)
    let edges = InferenceEdges(part, degrees: model.shape.readsDegrees)
    switch stored.layout {
    case .dense: return try writeDense(part, edges, pieces, stored, path)
    case .sparse: return try writeSparse(part, edges, pieces, path)
    }
  }

  private static func rowBytes(_ table: FeatureTable) -> Int {
    switch table {
    case .dense(let rows): max(1, rows.strideBytes)
    case .sparse(let rows): 16 + 8 * rows.values.count / max(1, rows.rows)
    }
  }

  private func writeDense(
    _ part: LocalPartition, _ edges: InferenceEdges, _ pieces: NeighbourhoodPieces, _ stored: TableDescription, _ path: String
  ) throws -> [String] {
    precondition(stored.elementType == .float32, "aggregated rows of \(stored.elementType)")
    let width = stored.storedColumns
    let writer = try NPYWriter(creating: path + ".npy", elementType: .float32, shape: [part.innerCount, width])
    let height = Self.chunkRows(bytesPerRow: 4 * width)
    let memory = Matrix(rows: min(height, part.innerCount), columns: width)  // Zeroed: the padding stays so.
    try forEachChunk(of: pieces, height) { chunk, rows in
      let out = memory.view.prefix(chunk.count)
      model.aggregateRows(
        edges: edges, destinations: chunk, rows: rows, into: out.columns(0..<stored.columns), workspace: workspace, threads: threads)
      try withExtendedLifetime(memory) { try writer.write(UnsafeRawBufferPointer(start: out.base, count: 4 * width * chunk.count)) }
    }
    try writer.close()
    return [".npy"]
  }

  private func writeSparse(
    _ part: LocalPartition, _ edges: InferenceEdges, _ pieces: NeighbourhoodPieces, _ path: String
  ) throws -> [String] {
    let suffixes = [".indptr.npy", ".indices.npy", ".data.npy"]
    let indptr = try NPYWriter(creating: path + suffixes[0], elementType: .int64, shape: [part.innerCount + 1])
    let indices = try NPYWriter(creating: path + suffixes[1], elementType: .uint32)
    let values = try NPYWriter(creating: path + suffixes[2], elementType: .float32)
    var total: Int64 = 0
    try indptr.write(CollectionOfOne(total))
    let list = SparseRowList()
    // At most every column of a row holds an entry, seldom many do.
    try forEachChunk(of: pieces, Self.chunkRows(bytesPerRow: min(8 * firstHop.columns, 4096))) { chunk, rows in
      list.removeAll()
      model.aggregateRows(edges: edges, destinations: chunk, rows: rows, into: list, workspace: workspace, threads: threads)
      for length in list.lengths.readOnly {
        total += Int64(length)
        try indptr.write(CollectionOfOne(total))
      }
      try indices.write(list.columns.readOnly)
      try values.write(list.values.readOnly)
    }
    for writer in [indptr, indices, values] { try writer.close() }
    return suffixes
  }

  /// Rows of a chunk: whole tiles.
  private static func chunkRows(bytesPerRow: Int) -> Int { max(1, pieceBytes / bytesPerRow / Tiles.height) * Tiles.height }

  private func forEachChunk(of pieces: NeighbourhoodPieces, _ height: Int, _ body: (Range<Int>, InferenceRows) throws -> Void) throws {
    try pieces.forEachRun { run, rows in
      let rows = InferenceRows(rows, layer: 0, of: model, threads: threads)
      for low in stride(from: run.lowerBound, to: run.upperBound, by: height) {
        try body(low..<min(run.upperBound, low + height), rows)
      }
    }
  }
}
