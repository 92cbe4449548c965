import Graphs
import Tensors

/// Takes edges piece by piece, in their order, and makes a graph of them.
///
/// Memory: 8 bytes for each edge, 4 more for a weight and each number of a row, none where the context limits it; with compact ids what `NodeRegistry` takes.
struct EdgeCollector {
  private let format: EdgeListFormat
  private let nodeCount: Int?
  private let registry: NodeRegistry?
  private let context: IngestContext
  private let sources: EdgeColumn<UInt32>
  private let destinations: EdgeColumn<UInt32>
  private let weights: EdgeColumn<Float>
  private let features: EdgeColumn<Float>
  private var largestID: UInt32 = 0
  private let numberedSources = GrowingBuffer<UInt32>()
  private let numberedDestinations = GrowingBuffer<UInt32>()

  /// - Parameter nodeCount: Number of nodes where ids are dense and not every node has an edge.
  /// - Throws: `InputError` when the number of nodes cannot be, `SystemError` when temporary files cannot be made.
  init(_ format: EdgeListFormat, nodeCount: Int?, context: IngestContext) throws {
    try DenseIDs.check(nodeCount: nodeCount, ids: format.ids)
    self.format = format
    self.nodeCount = nodeCount
    self.context = context
    sources = try EdgeColumn(context.edgeStorage)
    destinations = try EdgeColumn(context.edgeStorage)
    weights = try EdgeColumn(context.edgeStorage)
    features = try EdgeColumn(context.edgeStorage)
    registry =
      format.ids == .compact ? try NodeRegistry(tableBytes: context.idTableBytes, scratchFolder: context.scratchFolder) : nil
  }

  /// Dense ids must be below.
  var idLimit: UInt32 { nodeCount.map { UInt32($0) } ?? UInt32.max }

  /// Appends edges of dense ids.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  mutating func append(sources: UnsafeBufferPointer<UInt32>, destinations: UnsafeBufferPointer<UInt32>, largestID: UInt32) throws {
    try self.sources.append(sources)
    try self.destinations.append(destinations)
    self.largestID = max(self.largestID, largestID)
  }

  /// Appends weights of as many edges as are appended beside them.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  func append(weights: UnsafeBufferPointer<Float>) throws { try self.weights.append(weights) }

  /// Appends rows of as many edges as are appended beside them.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  func append(features: UnsafeBufferPointer<Float>) throws { try self.features.append(features) }

  /// Appends edges of named nodes, source and destination in turn.
  ///
  /// - Parameters:
  ///   - longNames: The names of the hashed keys, in their order.
  ///   - longNameEnds: Where each of them ends.
  /// - Throws: `SystemError` when the disk refuses.
  func append(
    keys: UnsafeBufferPointer<NodeKey>, longNames: UnsafeBufferPointer<UInt8>, longNameEnds: UnsafeBufferPointer<Int>
  ) throws {
    guard let registry, let key = keys.baseAddress else { return }
    let count = keys.count / 2
    numberedSources.resize(to: count)
    numberedDestinations.resize(to: count)
    let text = UnsafeRawBufferPointer(longNames)
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    var longName = 0
    func number(_ position: Int) throws -> UInt32 {
      guard key[position].isHashed else { return try registry.number(key[position], name: nothing) }
      let start = longName == 0 ? 0 : longNameEnds[longName - 1]
      let name = UnsafeRawBufferPointer(rebasing: text[start..<longNameEnds[longName]])
      longName += 1
      return try registry.number(key[position], name: name)
    }
    let (from, to) = (numberedSources.pointer, numberedDestinations.pointer)
    for start in stride(from: 0, to: count, by: 16) {
      let end = min(count, start + 16)
      registry.warm(UnsafeBufferPointer(start: key + 2 * start, count: 2 * (end - start)))
      for edge in start..<end {
        from[edge] = try number(2 &* edge)
        to[edge] = try number(2 &* edge &+ 1)
      }
    }
    try sources.append(numberedSources.readOnly)
    try destinations.append(numberedDestinations.readOnly)
  }

  /// Makes the graph; nothing may be appended any more.
  ///
  /// - Parameters:
  ///   - name: The name of the graph.
  ///   - place: The file or folder, for errors.
  /// - Throws: `InputError` when there is no edge and no number of nodes, dense ids have gaps, or there are too many nodes;
  ///   `SystemError` when the disk refuses.
  func finish(name: String, place: String) throws -> RawGraph {
    let (sources, destinations) = (try sources.finish(), try destinations.finish())
    let names = try registry?.finish { position, number in
      (position % 2 == 0 ? sources : destinations).pointer[Int(position / 2)] = number
    } tooMany: { count in
      InputError(place, expected: "at most \(UInt32.max - 1) nodes", found: "\(count)")
    }
    if let registry, registry.spilledCount > 0 {
      context.notice("\(place): \(registry.spilledCount) of \(2 * sources.count) ends of edges were numbered through temporary files")
    }
    var edges = EdgeList(
      sources: sources.view, destinations: destinations.view, weights: try format.weight == nil ? nil : weights.finish().view)
    if !format.features.isEmpty {
      let rows = DenseRows(floats: try features.finish(), rows: edges.count, columns: format.features.count)
      edges.tables["feat"] = .dense(rows)
    }
    guard let names else {
      return try DenseIDs.graph(
        edges, largestID: largestID, nodeCount: nodeCount, name: name, place: place, threads: context.threads)
    }
    guard edges.count > 0 else { throw InputError(place, expected: "at least one edge", found: "none") }
    var data = NodeData(count: names.count)
    data.names = names
    return RawGraph(name: name, schema: .plain, nodes: [data], edges: [edges])
  }
}
