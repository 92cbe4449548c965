public import Graphs
import Tensors

/// Bytes of the arrays of a partition directory, before there is one: all but the halo's follow from counts alone.
public struct DirectorySize: Sendable {
  /// Array files.
  public let files: Int
  /// Bytes of all arrays when no part has a halo, headers included.
  public let withoutHalo: Int
  /// Bytes that a halo node takes: global id, original id, degree.
  public static let bytesOfHaloNode = 20
  /// Of an array file; headers are padded to a multiple of 64 and none needs more than this.
  private static let header = 128

  /// - Parameter types: How tables are stored.
  public init(_ graph: RawGraph, partCount: Int, types: TableTypes) {
    let nodes = graph.nodes.reduce(0) { $0 + $1.count }
    let edges = graph.edges.reduce(0) { $0 + $1.count }
    let hasRelations = graph.edges.count > 1
    // Of one part: indptr, indices, edge_ids, relations; the three lists of the halo; original, degrees.
    var files = (hasRelations ? 4 : 3) + 3 + 2
    var bytes = 8 * (nodes + partCount) + (hasRelations ? 14 : 12) * edges + 12 * nodes
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
        let stored = TableDescription(storing: table, name: name, nodeType: type, types: types)
        switch table {
        case .dense:
          let hasScales = stored.elementType == .int8
          files += hasScales ? 2 : 1
          bytes += data.count * (stored.strideBytes + (hasScales ? 4 : 0))
        case .sparse(let rows):
          files += 3
          bytes += 8 * (data.count + partCount) + 8 * rows.indices.count
        }
      }
    }
    self.files = files * partCount
    withoutHalo = bytes + self.files * Self.header
  }

  /// Bytes of all arrays.
  public func bytes(haloNodes: Int) -> Int { withoutHalo + Self.bytesOfHaloNode * haloNodes }
}
