import Foundation
import Graphs
import Messaging
import Partitioning
import Partitions
import Sampling
import Serving
import Tensors

/// A graph of two node types and three relations in random parts, each served by a server of this process; the graph is the oracle.
final class ServedParts {
  static let papers = 61
  static let authors = 23
  static let columns = 10
  static let relations = [
    Relation(name: "cites", source: 0, destination: 0), Relation(name: "writes", source: 1, destination: 0),
    Relation(name: "reads", source: 0, destination: 1),
  ]
  let directory: String
  let services: [PartService]
  /// Edges of each relation, (source, destination).
  let edges: [[(source: UInt32, destination: UInt32)]]
  /// Shape (papers, columns): multiples of 1/64 from −1 to 1, exact in 16 bits.
  let features: [Float]
  private let folder: String

  /// - Parameters:
  ///   - edgeTables: Whether edges have rows: `amount` and `tags` those that cite, `amount` those that read.
  ///   - change: What the servers are to do otherwise.
  init(parts: Int, seed: UInt64, edgeTables: Bool = false, change: (inout PartService.Options) -> Void = { _ in }) throws {
    let folder = NSTemporaryDirectory() + "halo-serving-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let directory = folder + "/parts"
    (self.folder, self.directory) = (folder, directory)
    let key = RandomKey(seed: seed, purpose: .generator)
    let counts = [Self.papers, Self.authors]
    let features = (0..<Self.papers * Self.columns).map { (index: Int) -> Float in
      let bits = key.bits(id: UInt64(index), step: 9)[0]
      return Float(Int(bits % 129) - 64) / 64
    }
    let edges = Self.relations.enumerated().map { relation, ends in
      (0..<400).map { edge -> (source: UInt32, destination: UInt32) in
        let bits = key.bits(id: UInt64(edge), step: UInt32(relation))
        return (
          boundedIndex(bits[0], below: UInt32(counts[ends.source])), boundedIndex(bits[1], below: UInt32(counts[ends.destination]) / 2)
        )
      }
    }
    self.features = features
    self.edges = edges
    let graph = Self.graph(features, edges, edgeTables: edgeTables)
    let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: parts, method: .random, seed: seed), threads: Threads(1))
    try PartitionWriter.write(
      graph, assignment, to: directory, types: TableTypes(byTable: ["half": .float16, "brain": .bfloat16, "byte": .int8]),
      threads: Threads(1))
    var options = PartService.Options()
    options.seed = seed
    change(&options)
    services = try (0..<parts).map { [options] in try PartService(directory: directory, part: $0, options: options) }
  }

  deinit {
    for service in services { service.close() }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// A client of some parts, all where `nil`.
  func client(of parts: [Int]? = nil) throws -> PartClient {
    try PartClient(peers: (parts ?? Array(services.indices)).map { services[$0].endpoints[0] }, timeoutSeconds: 20)
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  private static func graph(_ features: [Float], _ edges: [[(source: UInt32, destination: UInt32)]], edgeTables: Bool) -> RawGraph {
    let dense = FeatureTable.dense(DenseRows(floats: Buffer(copying: features), rows: papers, columns: columns))
    let other = FeatureTable.dense(DenseRows(floats: Buffer(copying: (0..<authors).map { Float($0) / 2 }), rows: authors, columns: 1))
    return RawGraph(
      name: "library", schema: Schema(nodeTypes: ["paper", "author"], relations: relations),
      nodes: [
        NodeData(count: papers, tables: ["feat": dense, "half": dense, "brain": dense, "byte": dense, "words": words(features)]),
        NodeData(count: authors, tables: ["feat": other]),
      ],
      edges: edges.enumerated().map { relation, list in
        EdgeList(
          sources: ArrayView(list.map(\.source)), destinations: ArrayView(list.map(\.destination)),
          tables: edgeTables ? self.edgeTables(relation, count: list.count) : [:])
      })
  }

  private static func edgeTables(_ relation: Int, count: Int) -> [String: FeatureTable] {
    guard relation != 1 else { return [:] }
    let values = (0..<count).flatMap { amount(of: $0, relation: relation) }
    let dense = FeatureTable.dense(DenseRows(floats: Buffer(copying: values), rows: count, columns: 3))
    guard relation == 0 else { return ["amount": dense] }
    let rows = (0..<count).map { tags(of: $0) }
    let indptr = rows.reduce(into: [Int64(0)]) { $0.append($0[$0.count - 1] + Int64($1.count)) }
    return [
      "amount": dense,
      "tags": .sparse(
        SparseRows(
          rows: count, columns: 9, indptr: ArrayView(indptr), indices: ArrayView(rows.joined().map(\.column)),
          values: ArrayView(rows.joined().map(\.value)))),
    ]
  }

  /// Row of an edge in the tables `amount`.
  static func amount(of edge: Int, relation: Int) -> [Float] { [Float(edge), Float(relation) - 0.5, Float(edge) / 8] }

  /// Entries of an edge that cites in the table `tags`: none, one or two.
  static func tags(of edge: Int) -> [(column: UInt32, value: Float)] {
    (0..<edge % 3).map { (column: UInt32(edge % 4 + 4 * $0), value: Float(edge) + Float($0) / 2) }
  }

  /// The features above 1/2 as a sparse table.
  private static func words(_ features: [Float]) -> FeatureTable {
    var (indptr, indices, values): ([Int64], [UInt32], [Float]) = ([0], [], [])
    for paper in 0..<papers {
      for entry in words(of: paper, features) {
        indices.append(entry.column)
        values.append(entry.value)
      }
      indptr.append(Int64(indices.count))
    }
    return .sparse(
      SparseRows(rows: papers, columns: columns, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  private static func words(of paper: Int, _ features: [Float]) -> [(column: UInt32, value: Float)] {
    (0..<columns).compactMap { column in
      let value = features[paper * columns + column]
      return value > 0.5 ? (UInt32(column), value) : nil
    }
  }

  func words(of paper: Int64) -> [(column: UInt32, value: Float)] { Self.words(of: Int(paper), features) }

  func row(_ paper: Int64) -> [Float] { Array(features[Int(paper) * Self.columns..<(Int(paper) + 1) * Self.columns]) }

  /// What a sampler takes of a node, from the definition: in-edges of a relation by source, then input order; those that the picker
  /// picks.
  func neighbors(of node: Int64, relation: Int, limit: Int, seed: UInt64, purpose: RandomPurpose, hop: Int, step: UInt32) -> [Int64] {
    sampled(of: node, relation: relation, limit: limit, seed: seed, purpose: purpose, hop: hop, step: step).map {
      Int64(edges[relation][$0].source)
    }
  }

  /// The same as numbers of the input's edges.
  func sampled(of node: Int64, relation: Int, limit: Int, seed: UInt64, purpose: RandomPurpose, hop: Int, step: UInt32) -> [Int] {
    let list = edges[relation]
    let all = list.indices.filter { list[$0].destination == UInt32(node) }.sorted { (list[$0].source, $0) < (list[$1].source, $1) }
    guard all.count > limit else { return all }
    let key = HopSampler.key(seed: seed, purpose: purpose, hop: hop, relation: relation)
    if purpose == .labor {
      let rule = LaborRule(key: key, step: step)
      return all.filter { rule.takes(source: Int64(list[$0].source), degree: all.count, limit: limit) }
    }
    let picks = [UInt32](unsafeUninitializedCapacity: limit) { buffer, count in
      NeighborPicker(key: key, step: step).pick(limit, of: all.count, id: UInt64(node), into: buffer.baseAddress!)
      count = limit
    }
    return picks.map { all[Int($0)] }
  }
}
