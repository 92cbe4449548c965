import Foundation
public import Graphs
package import Messaging
public import Partitions
import Tensors

/// What a server of one part says of itself: the answer to `describe`, one JSON object in UTF-8.
///
/// The request has no payload. `table`, `part` and positions below count from 0 in the order of these lists.
public struct ServedGraph: Codable, Hashable, Sendable {
  /// Version of the description that this program writes.
  public static let currentVersion = 1

  public var version: Int
  public var name: String
  /// Checksum of the partition's manifest; servers of the same parts agree on it.
  public var partition: String
  /// The part that is served.
  public var part: Int
  /// Number of parts, k.
  public var partCount: Int
  public var nodeTypes: [String]
  public var relations: [Relation]
  /// First global id of each (part, node type), part-major, and one past the last: shape (k · types + 1).
  public var bounds: [Int64]
  public var tables: [TableDescription]
  /// Tables of edges, whose numbers in requests follow those of `tables`; absent without.
  public var edgeTables: [TableDescription]?
  /// First global edge id of each (part, relation), part-major, and one past the last: shape (k · relations + 1); absent with `edgeTables`.
  public var edgeBounds: [Int64]?
  /// Part of every sampling key.
  public var seed: UInt64
  /// Largest request that is served, with its header, and largest payload of an answer, in bytes.
  public var maximumRequestBytes: Int
  public var maximumReplyBytes: Int

  /// Describes `part` of a partition directory.
  ///
  /// - Parameter partition: Checksum of the directory's manifest.
  init(_ manifest: Manifest, partition: String, part: Int, seed: UInt64, maximumRequestBytes: Int, maximumReplyBytes: Int) {
    version = Self.currentVersion
    name = manifest.name
    self.partition = partition
    self.part = part
    partCount = manifest.partCount
    nodeTypes = manifest.schema.nodeTypes
    relations = manifest.schema.relations
    bounds = manifest.bounds
    tables = manifest.tables
    edgeTables = manifest.edgeTables.isEmpty ? nil : manifest.edgeTables
    edgeBounds = manifest.edgeTables.isEmpty ? nil : PartitionBook(edgesOf: manifest).bounds
    self.seed = seed
    self.maximumRequestBytes = maximumRequestBytes
    self.maximumReplyBytes = maximumReplyBytes
  }

  /// Reads an answer to `describe` and checks that its numbers agree with each other: nobody on the network is trusted.
  ///
  /// - Parameter place: Who sent it, for errors.
  /// - Throws: `InputError` when it is not the description of a part.
  package init(parsing payload: UnsafeRawBufferPointer, place: String) throws {
    do {
      self = try JSONDecoder().decode(ServedGraph.self, from: Data(payload))
    } catch {
      throw InputError("description by \(place)", expected: "the JSON of a served part", found: "something else")
    }
    try check(place: "description by \(place)")
  }

  /// The description as a message.
  package func message() throws -> MessageBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)).withUnsafeBufferPointer { MessageBuffer($0) }
  }

  /// Where every node lives.
  public var book: PartitionBook { PartitionBook(partCount: partCount, typeCount: nodeTypes.count, bounds: bounds) }

  /// Where the row of every edge lies; `nil` where no edges have rows.
  public var edgeBook: PartitionBook? {
    edgeBounds.map { PartitionBook(partCount: partCount, typeCount: relations.count, bounds: $0) }
  }

  /// Nodes of a type in all parts: the user's numbers of its nodes are all those below.
  public func nodeCount(ofType type: Int) -> Int {
    (0..<partCount).reduce(0) { $0 + book.innerRange(of: $1, type: type).count }
  }

  private func check(place: String) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: @autoclosure () -> String) throws {
      if !holds { throw InputError(place, expected: expected, found: found()) }
    }
    let types = nodeTypes.count
    try demand(version == Self.currentVersion, "version \(Self.currentVersion)", "version \(version)")
    try demand((1...Int(UInt16.max)).contains(partCount) && (0..<partCount).contains(part), "a part", "part \(part) of \(partCount)")
    try demand((1...Int(UInt16.max)).contains(types), "a node type", "\(types) types")
    try demand(
      relations.allSatisfy { (0..<types).contains($0.source) && (0..<types).contains($0.destination) },
      "relations between known node types", "others")
    try demand(bounds.count == partCount * types + 1, "\(partCount * types + 1) bounds", "\(bounds.count)")
    try demand(bounds[0] == 0 && zip(bounds, bounds.dropFirst()).allSatisfy { $0 <= $1 }, "bounds that grow from 0", "others")
    try demand(bounds[bounds.count - 1] <= Int64(UInt32.max), "at most \(UInt32.max) nodes", "\(bounds[bounds.count - 1])")
    for table in tables {
      try demand(table.relation == nil && Self.isSound(table, types: types), "a table of rows", "table \(table.name.debugDescription)")
    }
    try checkEdges(demand)
    try demand(maximumRequestBytes > 0 && maximumReplyBytes > 0, "limits above 0", "\(maximumRequestBytes) and \(maximumReplyBytes)")
  }

  private func checkEdges(_ demand: (Bool, String, @autoclosure () -> String) throws -> Void) throws {
    try demand((edgeTables == nil) == (edgeBounds == nil), "tables and bounds of edges together", "one of them")
    guard let edgeTables, let edgeBounds else { return }
    let expected = partCount * relations.count + 1
    try demand(edgeBounds.count == expected, "\(expected) bounds of edges", "\(edgeBounds.count)")
    try demand(edgeBounds[0] == 0 && zip(edgeBounds, edgeBounds.dropFirst()).allSatisfy { $0 <= $1 }, "bounds that grow from 0", "others")
    let starts = stride(from: 0, to: expected, by: relations.count).map { edgeBounds[$0] }
    try demand(
      zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 <= Int64(UInt32.max) }, "at most \(UInt32.max) edges of a part", "more")
    for table in edgeTables {
      let isKnown = table.relation.map { relations.indices.contains($0) && relations[$0].destination == table.nodeType } ?? false
      try demand(isKnown && Self.isSound(table, types: nodeTypes.count), "a table of edges", "table \(table.name.debugDescription)")
    }
  }

  /// Whether rows of the table have a width that memory can hold.
  private static func isSound(_ table: TableDescription, types: Int) -> Bool {
    guard (0..<types).contains(table.nodeType), (0...1 << 28).contains(table.columns) else { return false }
    guard table.layout == .dense else { return table.elementType == .float32 }
    let size = table.elementType == .int8 ? 4 : table.elementType.size
    return table.strideBytes >= table.rowBytes && table.strideBytes <= table.rowBytes + 4_096 && table.strideBytes % size == 0
  }
}
