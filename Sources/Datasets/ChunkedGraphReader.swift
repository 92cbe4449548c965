import Foundation
public import Graphs
import Tensors

/// Reads graphs in DGL's chunked graph format: a folder with `metadata.json`, edges as text or `.npy`, node data as `.npy`.
///
/// Of the node data, whole numbers called `label` become the labels and `train_mask`, `val_mask` and `test_mask` the split; the rest
/// are tables. Of the edge data, one number for each edge called `weights` becomes the weights; the rest are tables. (DGL user guide, 7.1
/// Data Preprocessing.)
public enum ChunkedGraphReader {
  static let metadataName = "metadata.json"

  /// Whether the folder at `path` says that it is such a graph.
  static func recognises(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(metadataName)") }

  /// Reads the graph in the folder at `path`.
  ///
  /// - Throws: `InputError` when metadata and files do not agree, or a file is damaged; `SystemError` when one cannot be opened.
  public static func read(_ path: String, context: IngestContext = IngestContext()) throws -> RawGraph {
    let metadata = try ChunkedGraphMetadata(reading: "\(path)/\(metadataName)")
    let schema = try metadata.schema()
    let counts = try metadata.nodeCounts()
    let nodes = try schema.nodeTypes.enumerated().map { type, name in
      try ChunkedNodes(folder: path, files: metadata.nodeData?[name] ?? [:], count: counts[type], context: context).read()
    }
    let edges = try schema.relations.enumerated().map { index, relation in
      let limit = UInt32(max(counts[relation.source], counts[relation.destination]))
      var list = try ChunkedEdges(folder: path, metadata: metadata, relation: index, idLimit: limit).read(context: context)
      for (key, files) in (metadata.edgeData?[metadata.relations[index]] ?? [:]).sorted(by: { $0.key < $1.key }) {
        let place = "\(path), \(key) of '\(metadata.relations[index])'"
        let rows = try ChunkedRows(folder: path, files: files, count: list.count, owner: "edge", place: place).joined()
        try list.add(rows, named: key, place: place, context: context)
      }
      return list
    }
    let graph = RawGraph(name: metadata.graphName, schema: schema, nodes: nodes, edges: edges)
    try GraphCheck(graph: graph, threads: context.threads) { "\(path), \($0)" }.run()
    return graph
  }
}

extension EdgeList {
  /// Takes the edge data called `key`.
  fileprivate mutating func add(_ rows: DenseRows, named key: String, place: String, context: IngestContext) throws {
    try FiniteValues.check(.dense(rows), place: place, threads: context.threads)
    if key == ChunkedGraphMetadata.weights, rows.columns == 1, rows.elementType == .float32 {
      weights = rows.floats
    } else if Self.reservedTables.contains(key) {
      throw InputError(
        place, expected: "a float32 for each edge called weights, other names than \(Self.reservedTables.joined(separator: ", "))",
        found: "\(rows.columns) columns of \(rows.elementType)")
    } else {
      tables[key] = .dense(rows)
    }
  }
}

extension DenseRows {
  /// The values of a column of float32 without gaps.
  fileprivate var floats: ArrayView<Float> {
    let values = Buffer<Float>(count: rows)
    UnsafeMutableRawPointer(values.pointer).copyMemory(from: bytes.pointer, byteCount: 4 * rows)
    return values.view
  }
}

/// `metadata.json`.
struct ChunkedGraphMetadata: Decodable {
  struct Files: Decodable {
    struct Format: Decodable { var name: String }
    var format: Format
    /// Absolute, or relative to the folder.
    var data: [String]
  }

  /// Edge data of this name are weights.
  static let weights = "weights"

  var graphName: String
  var nodeTypes: [String]
  var nodesOfTypes: [Int]?
  var nodesOfChunks: [[Int]]?
  /// `author:writes:paper`.
  var relations: [String]
  var edgesOfTypes: [Int]?
  var edgesOfChunks: [[Int]]?
  var edges: [String: Files]
  var nodeData: [String: [String: Files]]?
  var edgeData: [String: [String: Files]]?

  private enum CodingKeys: String, CodingKey {
    case graphName = "graph_name"
    case nodeTypes = "node_type"
    case nodesOfTypes = "num_nodes_per_type"
    case nodesOfChunks = "num_nodes_per_chunk"
    case relations = "edge_type"
    case edgesOfTypes = "num_edges_per_type"
    case edgesOfChunks = "num_edges_per_chunk"
    case edges
    case nodeData = "node_data"
    case edgeData = "edge_data"
  }

  private(set) var path = ""

  /// - Throws: `SystemError` when the file cannot be read, `InputError` when it is no metadata of a chunked graph.
  init(reading path: String) throws {
    let file = try MappedFile(path)
    let data = withExtendedLifetime(file) { Data(file.bytes) }
    do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
      throw InputError(
        path, expected: "the metadata of a chunked graph: graph_name, node_type, edge_type, edges with format and data",
        found: "other JSON, or none")
    }
    self.path = path
  }

  /// Nodes of each type.
  func nodeCounts() throws -> [Int] {
    let counts = nodesOfTypes ?? nodesOfChunks?.map { $0.reduce(0, +) } ?? []
    guard counts.count == nodeTypes.count, counts.allSatisfy({ $0 >= 0 && $0 < Int(UInt32.max) }) else {
      throw InputError(path, expected: "num_nodes_per_type of \(nodeTypes.count) node types, each below \(UInt32.max)", found: "\(counts)")
    }
    return counts
  }

  /// Edges of a relation where the file says how many there are.
  func edgeCount(of relation: Int) -> Int? {
    let counts = edgesOfTypes ?? edgesOfChunks?.map { $0.reduce(0, +) }
    return counts.flatMap { $0.indices.contains(relation) ? $0[relation] : nil }
  }

  /// Relations are called as in the middle of their names; in full where two would have the same.
  func schema() throws -> Schema {
    let fields = try relations.map { name in
      let fields = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3, let source = nodeTypes.firstIndex(of: fields[0]), let destination = nodeTypes.firstIndex(of: fields[2])
      else {
        throw InputError(path, expected: "edge types 'source:relation:destination' between known node types", found: "'\(name)'")
      }
      return (name: fields[1], source: source, destination: destination)
    }
    let areUnique = Set(fields.map(\.name)).count == fields.count
    return Schema(
      nodeTypes: nodeTypes,
      relations: zip(fields, relations).map { fields, name in
        Relation(
          name: areUnique ? fields.name : name.replacing(":", with: "-"), source: fields.source, destination: fields.destination)
      })
  }

  /// Where a file lies that is named in the metadata of `folder`.
  static func place(_ name: String, in folder: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }
}

/// The edges of one relation, chunk after chunk.
private struct ChunkedEdges {
  let folder: String
  let metadata: ChunkedGraphMetadata
  let relation: Int
  /// Ids must be below.
  let idLimit: UInt32

  func read(context: IngestContext) throws -> EdgeList {
    let name = metadata.relations[relation]
    guard let files = metadata.edges[name] else { throw InputError(metadata.path, expected: "edges of '\(name)'", found: "none") }
    let sources = Accumulator<UInt32>()
    let destinations = Accumulator<UInt32>()
    for file in files.data {
      let path = ChunkedGraphMetadata.place(file, in: folder)
      switch files.format.name {
      case "csv":
        guard FileManager.default.fileExists(atPath: path) else {
          throw InputError(path, expected: "edges of '\(name)'", found: "nothing there")
        }
        let list = try RawEdgeListReader.read(
          files: [path], place: path, nodeCount: max(1, Int(idLimit)), format: EdgeListFormat(), context: context
        ).edges[0]
        sources.append(list.sources.elements)
        destinations.append(list.destinations.elements)
        withExtendedLifetime(list) {}
      case "numpy": try append(NPYArray(mapping: path), to: sources, destinations)
      case let format: throw InputError(metadata.path, expected: "edges as csv or numpy", found: "'\(format)' for '\(name)'")
      }
    }
    if let count = metadata.edgeCount(of: relation), count != sources.count {
      throw InputError(metadata.path, expected: "\(count) edges of '\(name)'", found: "\(sources.count) in its files")
    }
    return EdgeList(sources: sources.view, destinations: destinations.view)
  }

  private func append(_ array: NPYArray, to sources: Accumulator<UInt32>, _ destinations: Accumulator<UInt32>) throws {
    guard array.shape.count == 2, array.shape[1] == 2 else {
      throw InputError(array.path, expected: "edges of shape (edges, 2)", found: "shape \(array.shape)")
    }
    let ends = try array.copyIntegers()
    let (from, to) = (Buffer<UInt32>(count: array.shape[0]), Buffer<UInt32>(count: array.shape[0]))
    for position in 0..<ends.count {
      let id = ends.pointer[position]
      guard id >= 0, id < idLimit else {
        throw InputError("\(array.path), row \(position / 2)", expected: "node ids below \(idLimit)", found: "\(id)")
      }
      (position % 2 == 0 ? from : to).pointer[position / 2] = UInt32(id)
    }
    withExtendedLifetime((from, to)) {
      sources.append(UnsafeBufferPointer(from.elements))
      destinations.append(UnsafeBufferPointer(to.elements))
    }
  }
}
