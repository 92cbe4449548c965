public import Graphs
import Tensors

/// Bytes of the arrays of a partition directory, before there is one: all but the halo's and the expected rows' follow from counts alone.
public struct DirectorySize: Sendable {
  /// Array files.
  public let files: Int
  /// Bytes of all arrays when no part has a halo or expects rows of others, headers included.
  public let withoutHalo: Int
  /// Bytes that a halo node takes: global id, original id, degree.
  public static let bytesOfHaloNode = 20
  /// Bytes that a row takes which a part expects to read from others (`ExpectedRows`): global id, probability.
  public static let bytesOfExpectedRow = 12
  /// Of an array file; headers are padded to a multiple of 64 and none needs more than this.
  private static let header = 128

  /// - Parameters:
  ///   - types: How tables are stored.
  ///   - expectsReads: Whether parts list what their batches are expected to read.
  public init(_ graph: RawGraph, partCount: Int, types: TableTypes, expectsReads: Bool = false) {
    let nodes = graph.nodes.reduce(0) { $0 + $1.count }
    let edges = graph.edges.reduce(0) { $0 + $1.count }
    let hasRelations = graph.edges.count > 1
    // Of one part: indptr, indices, edge_ids, relations; the three lists of the halo; original, degrees; the two lists of expected rows.
    var files = (hasRelations ? 4 : 3) + 3 + 2 + (expectsReads ? 2 : 0)
    var bytes = 8 * (nodes + partCount) + (hasRelations ? 14 : 12) * edges + 12 * nodes
    func add(_ table: FeatureTable, _ stored: TableDescription) {
      switch table {
      case .dense(let rows):
        let hasScales = stored.elementType == .int8
        files += hasScales ? 2 : 1
        bytes += rows.rows * (stored.strideBytes + (hasScales ? 4 : 0))
      case .sparse(let rows):
        files += 3
        bytes += 8 * (rows.rows + partCount) + 8 * rows.indices.count
      }
    }
    for (relation, edges) in graph.edges.enumerated() where !edges.tables.isEmpty {
      let type = graph.schema.relations[relation].destination
      for (name, table) in edges.tables {
        add(table, TableDescription(storing: table, name: name, nodeType: type, relation: relation, types: types))
      }
      // The first row of each node.
      if hasRelations {
        files += 1
        bytes += 8 * (nodes + partCount)
      }
    }
    for (type, data) in graph.nodes.enumerated() {
      for name in graph.splitNames {
        let split = graph.split(name, ofType: type)
        files += 3
        bytes += 8 * split.train.count + 4 * (split.validation.count + split.test.count)
      }
      if data.labels != nil {
        files += 1
        bytes += 4 * data.count
      }
      for (name, table) in data.tables {
        add(table, TableDescription(storing: table, name: name, nodeType: type, types: types))
      }
    }
    self.files = files * partCount
    withoutHalo = bytes + self.files * Self.header
  }

  /// Bytes of all arrays.
  public func bytes(haloNodes: Int, expectedRows: Int = 0) -> Int {
    withoutHalo + Self.bytesOfHaloNode * haloNodes + Self.bytesOfExpectedRow * expectedRows
  }
}
