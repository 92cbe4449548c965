import Foundation
import Graphs
import Tensors

/// `dataset.json`: what a dataset directory holds.
///
/// ```
/// DS/
///   dataset.json
///   edges/<relation>/sources.npy, destinations.npy     uint32 (edges), original ids of the end's node type
///   edges/<relation>/weights.npy                       float32 (edges); only where edges have weights
///   edges/<relation>/<table>.npy, …                    rows in the order of the edges, dense or sparse as those of nodes
///   nodes/<type>/<table>.npy                           dense rows (nodes, columns)
///   nodes/<type>/<table>.scale.npy                     float32 (nodes), what int8 rows are multiplied by
///   nodes/<type>/<table>.indptr.npy, .indices.npy, .data.npy    sparse rows: int64 (nodes + 1), uint32, float32
///   nodes/<type>/names.npy, names.indptr.npy           uint8, the names one after the other; int64 (nodes + 1), their bounds;
///                                                      only where nodes have names
///   nodes/<type>/labels.npy                            int32 (nodes), −1 = unknown
///   nodes/<type>/train.npy, validation.npy, test.npy   uint32, increasing; the default split
///   nodes/<type>/splits/<name>/train.npy …             the others
/// ```
struct DatasetManifest: Codable, Equatable {
  static let fileName = "dataset.json"
  /// Version of the format this program writes.
  static let currentVersion = 2

  enum Layout: String, Codable { case dense, sparse }

  struct Table: Codable, Equatable {
    var name: String
    var layout: Layout
    var columns: Int
    /// Type of the stored elements; bfloat16 is stored as uint16.
    var elementType: ElementType
  }

  struct NodeType: Codable, Equatable {
    var name: String
    var count: Int
    var tables: [Table]
    var hasLabels: Bool
    var classCount: Int
    /// Names of the classes; empty where they have none.
    var classNames: [String]
    /// Names of the splits, the default first.
    var splits: [String]
    /// Whether nodes have names; absent where they have none.
    var hasNames: Bool?
  }

  struct File: Codable, Equatable {
    /// Relative to the directory.
    var path: String
    /// Bytes.
    var size: Int
    /// XXH3-128 of the content, 32 hexadecimal digits.
    var checksum: String
  }

  var formatVersion: Int
  var name: String
  var nodeTypes: [NodeType]
  /// Ends are indices of node types.
  var relations: [Relation]
  /// Names of the relations whose edges have weights; absent where there is none.
  var weightedRelations: [String]?
  /// Tables of the relations whose edges have some, by relation; absent where there is none.
  var edgeTables: [String: [Table]]?
  /// Every other file of the directory.
  var files: [File]

  var schema: Schema { Schema(nodeTypes: nodeTypes.map(\.name), relations: relations) }

  /// Reads the manifest of the dataset at `directory`.
  ///
  /// - Throws: `InputError` when there is none, it is of another version, or names and indices in it cannot be.
  init(reading directory: String) throws {
    let path = "\(directory)/\(Self.fileName)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw InputError(directory, expected: "a dataset directory with \(Self.fileName)", found: "none")
    }
    let file = try MappedFile(path)
    let data = withExtendedLifetime(file) { Data(file.bytes) }
    struct Version: Codable { var formatVersion: Int }
    let version: Version
    do { version = try JSONDecoder().decode(Version.self, from: data) } catch {
      throw InputError(path, expected: "JSON with a formatVersion", found: Self.reason(error))
    }
    guard version.formatVersion == Self.currentVersion else {
      throw InputError(path, expected: "format version \(Self.currentVersion)", found: "version \(version.formatVersion)")
    }
    do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
      throw InputError(path, expected: "the fields of a dataset", found: Self.reason(error))
    }
    try check(place: path)
  }

  init(_ graph: RawGraph) {
    formatVersion = Self.currentVersion
    name = graph.name
    relations = graph.schema.relations
    let weighted = zip(graph.schema.relations, graph.edges).filter { $1.weights != nil }.map(\.0.name)
    weightedRelations = weighted.isEmpty ? nil : weighted
    let described = zip(graph.schema.relations, graph.edges).map { ($0.name, Self.tables($1.tables)) }
    let tables = described.filter { !$0.1.isEmpty }
    edgeTables = tables.isEmpty ? nil : Dictionary(tables, uniquingKeysWith: { first, _ in first })
    files = []
    nodeTypes = zip(graph.schema.nodeTypes, graph.nodes).map { typeName, nodes in
      NodeType(
        name: typeName, count: nodes.count, tables: Self.tables(nodes.tables), hasLabels: nodes.labels != nil, classCount: nodes.classCount,
        classNames: nodes.classNames, splits: nodes.splits.map(\.name), hasNames: nodes.names == nil ? nil : true)
    }
  }

  private static func tables(_ tables: [String: FeatureTable]) -> [Table] {
    tables.sorted { $0.key < $1.key }.map { name, table in
      switch table {
      case .dense(let rows): Table(name: name, layout: .dense, columns: rows.columns, elementType: rows.elementType)
      case .sparse(let rows): Table(name: name, layout: .sparse, columns: rows.columns, elementType: .float32)
      }
    }
  }

  var encoded: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self) + Data("\n".utf8)
    }
  }

  /// Names become paths and sizes memory: what a file says is looked at first.
  func check(place: String) throws {
    func fail(_ expected: String, _ found: String) -> InputError { InputError(place, expected: expected, found: found) }
    guard !nodeTypes.isEmpty, !relations.isEmpty else { throw fail("a node type and a relation", "none") }
    let namesInTypes = nodeTypes.flatMap {
      [$0.tables.map(\.name) + Self.reservedTables + ($0.hasNames == true ? ["names"] : []), $0.splits]
    }
    let namesInRelations = (edgeTables ?? [:]).values.map { $0.map(\.name) + EdgeList.reservedTables }
    for names in [nodeTypes.map(\.name), relations.map(\.name)] + namesInTypes + namesInRelations {
      if let odd = names.first(where: { !Self.isName($0) }) {
        throw fail("names of letters, digits, '_', '-' and '.', not first", "'\(odd)'")
      }
      if Set(names).count < names.count { throw fail("names that occur once and are not reserved", names.joined(separator: ", ")) }
    }
    for type in nodeTypes {
      guard type.count >= 0, type.count <= Int(UInt32.max) else { throw fail("at most \(UInt32.max) nodes of a type", "\(type.count)") }
      guard type.classCount >= 0, type.classCount <= Int(Int32.max) else {
        throw fail("at most \(Int32.max) classes", "\(type.classCount)")
      }
      guard type.classNames.isEmpty || type.classNames.count == type.classCount else {
        throw fail("\(type.classCount) names of classes", "\(type.classNames.count)")
      }
    }
    if let odd = edgeTables?.keys.sorted().first(where: { name in !relations.contains { $0.name == name } }) {
      throw fail("edge tables of \(relations.map(\.name).joined(separator: ", "))", "of '\(odd)'")
    }
    for table in nodeTypes.flatMap(\.tables) + (edgeTables ?? [:]).values.joined() {
      guard table.columns >= 1, table.columns <= Int(UInt32.max) else { throw fail("1 column or more", "\(table.columns)") }
    }
    for relation in relations {
      guard nodeTypes.indices.contains(relation.source), nodeTypes.indices.contains(relation.destination) else {
        throw fail("ends of '\(relation.name)' among \(nodeTypes.count) node types", "\(relation.source) and \(relation.destination)")
      }
    }
  }

  private static let reservedTables = ["labels", "train", "validation", "test"]

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 100 && !text.hasPrefix(".")
      && text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "_-.".unicodeScalars.contains($0))
      }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, _): return "no field '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "another type in '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? "damaged JSON" : "a wrong value in '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    @unknown default: return "damaged JSON"
    }
  }
}
