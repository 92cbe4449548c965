import Foundation
import Graphs
import KVStore
import Kernels
import Loading
import Messaging
import Partitioning
import Partitions
import Sampling
import Tensors

/// A graph whose edges know their numbers: every edge table says which edge of the input a row belongs to. Its definition is the oracle.
struct NumberedEdges {
  static let papers = 90
  static let authors = 40
  static let relations = [
    Relation(name: "cites", source: 0, destination: 0), Relation(name: "writes", source: 1, destination: 0),
    Relation(name: "reads", source: 0, destination: 1),
  ]
  /// (Relation, table) of every edge table, in the manifest's order; `writes` has none.
  static let tables = [(0, "amount"), (0, "kind"), (2, "amount"), (2, "tags")]
  let seed: UInt64
  /// Only papers that cite papers.
  let isPlain: Bool

  var relations: [Relation] { Array(Self.relations.prefix(isPlain ? 1 : 3)) }
  var tables: [(Int, String)] { Self.tables.filter { !isPlain || $0.0 == 0 } }

  /// Edges of each relation; now and then several from one source to one destination.
  let edges: [[(source: UInt32, destination: UInt32)]]
  /// Numbers of every node's in-edges in each relation, in canonical order: by source, then number.
  private let inEdges: [[[Int]]]

  init(seed: UInt64, isPlain: Bool) {
    (self.seed, self.isPlain) = (seed, isPlain)
    let (key, counts) = (RandomKey(seed: seed, purpose: .generator), [Self.papers, Self.authors])
    let edges = Self.relations.prefix(isPlain ? 1 : 3).enumerated().map { relation, ends in
      (0..<700).map { edge -> (source: UInt32, destination: UInt32) in
        let bits = key.bits(id: UInt64(edge), step: UInt32(relation))
        return (boundedIndex(bits[0], below: UInt32(counts[ends.source])), boundedIndex(bits[1], below: UInt32(counts[ends.destination])))
      }
    }
    self.edges = edges
    inEdges = edges.map { list in
      (0..<UInt32(Self.papers)).map { node in
        list.indices.filter { list[$0].destination == node }.sorted { (list[$0].source, $0) < (list[$1].source, $1) }
      }
    }
  }

  /// The row of an edge as floats: three tables are dense, `tags` has one or two entries a row.
  static func row(_ name: String, relation: Int, edge: Int) -> [Float] {
    switch name {
    case "amount": [Float(edge), Float(relation) + 0.5, Float(edge) * 0.25]
    case "kind": (0..<5).map { Float((edge * 7 + $0 * 3) % 64) / 8 }
    default: (0..<4).map { $0 == edge % 4 ? Float(edge + 1) : $0 == 3 && edge % 3 == 0 ? -2 : 0 }
    }
  }

  private func table(_ name: String, relation: Int, count: Int) -> FeatureTable {
    let rows = (0..<count).map { Self.row(name, relation: relation, edge: $0) }
    guard name == "tags" else {
      return .dense(DenseRows(floats: Buffer(copying: rows.flatMap { $0 }), rows: count, columns: rows[0].count))
    }
    var (indptr, indices, values): ([Int64], [UInt32], [Float]) = ([0], [], [])
    for row in rows {
      for (column, value) in row.enumerated() where value != 0 {
        indices.append(UInt32(column))
        values.append(value)
      }
      indptr.append(Int64(indices.count))
    }
    return .sparse(
      SparseRows(rows: count, columns: 4, indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values)))
  }

  private var graph: RawGraph {
    let feat = { (count: Int) -> FeatureTable in
      .dense(DenseRows(floats: Buffer(copying: (0..<2 * count).map { Float($0) }), rows: count, columns: 2))
    }
    let train = (0..<UInt32(Self.papers)).filter { $0 % 3 != 2 }
    let rest = (0..<UInt32(Self.papers)).filter { $0 % 3 == 2 }
    let papers = NodeData(
      count: Self.papers, tables: ["feat": feat(Self.papers)],
      labels: ArrayView((0..<Self.papers).map { Int32($0 % 2) }), classCount: 2, split: Split(train: train, validation: rest, test: []))
    let lists = edges.enumerated().map { relation, list in
      let tables = tables.filter { $0.0 == relation }.map { ($0.1, table($0.1, relation: relation, count: list.count)) }
      return EdgeList(
        sources: ArrayView(list.map(\.source)), destinations: ArrayView(list.map(\.destination)),
        tables: Dictionary(uniqueKeysWithValues: tables))
    }
    guard !isPlain else {
      return RawGraph(
        name: "numbered", schema: Schema(nodeTypes: ["paper"], relations: relations), nodes: [papers], edges: lists)
    }
    return RawGraph(
      name: "numbered", schema: Schema(nodeTypes: ["paper", "author"], relations: relations),
      nodes: [papers, NodeData(count: Self.authors, tables: [:])], edges: lists)
  }

  /// Writes the graph in random parts; `kind` as float16, which holds it exactly.
  func write(parts: Int, to directory: String, haloHops: Int) throws -> Manifest {
    let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: parts, method: .random, seed: seed), threads: Threads(1))
    _ = try PartitionWriter.write(
      graph, assignment, to: directory, types: TableTypes(byTable: ["kind": .float16]), haloHops: haloHops, threads: Threads(1))
    return try Manifest.load(directory)
  }

  /// Numbers of the edges that a hop takes of a node, in order: the definition, from the input's edges.
  func taken(of node: Int64, relation: Int, hop: HopSampler, seed: UInt64) -> [Int] {
    let (list, all) = (edges[relation], inEdges[relation][Int(node)])
    let limit = hop.limits[relation]
    guard all.count > limit else { return all }
    let key = HopSampler.key(seed: seed, purpose: hop.purpose, hop: hop.hop, relation: relation)
    guard hop.takesExactly else {
      let rule = LaborRule(key: key, step: hop.step)
      return all.filter { rule.takes(source: Int64(list[$0].source), degree: all.count, limit: limit) }
    }
    var picks = [UInt32](repeating: 0, count: limit)
    picks.withUnsafeMutableBufferPointer {
      NeighborPicker(key: key, step: hop.step).pick(limit, of: all.count, id: UInt64(node), into: $0.baseAddress!)
    }
    return picks.map { all[Int($0)] }
  }
}

extension InputRows {
  /// Row `index` as floats.
  func floats(_ index: Int) -> [Float] {
    let reference = references[index]
    switch segments {
    case .dense(let segments):
      let segment = segments[reference.segment]
      precondition(reference.row < segment.rows)
      let base = segment.base + reference.row * segment.strideBytes
      return withExtendedLifetime(segment) {
        (0..<columns).map { column in
          segment.elementType == .float16
            ? Float(base.loadUnaligned(fromByteOffset: 2 * column, as: Float16.self))
            : base.loadUnaligned(fromByteOffset: 4 * column, as: Float.self)
        }
      }
    case .sparse(let segments):
      let segment = segments[reference.segment]
      var row = [Float](repeating: 0, count: columns)
      for entry in Int(segment.indptr[reference.row])..<Int(segment.indptr[reference.row + 1]) {
        row[Int(segment.indices[entry])] = segment.values[entry]
      }
      return row
    }
  }
}
