import Foundation
public import Graphs
public import Tensors

/// Writes a graph in DGL's chunked graph format, the input of its `dispatch_data.py`, with the assignment beside it.
///
/// ```
/// DIR/
///   metadata.json                           graph_name, node_type, num_nodes_per_type, edge_type, num_edges_per_type, edges, node_data
///   edges/<src>:<relation>:<dst>-0.csv …    two node numbers a line, a blank between them
///   node_data/<type>/<table>-0.npy …        rows by node number; label int64, train_mask, val_mask, test_mask uint8 of the default split
///   edge_data/<src>:<relation>:<dst>/<table>-0.npy …    rows by edge; weights float32
///   partitions/<type>.txt                   the part of each node, one a line; partition_meta.json beside them
/// ```
/// There are as many chunks as parts, equal ones by number: which part a node goes to, only `partitions` says. Tables of bfloat16 and
/// int8 are widened to float32, sparse ones spread out. (DGL user guide, 7.1 Data Preprocessing; `dispatch_data.py --in-dir DIR
/// --partitions-dir DIR/partitions`.)
public enum ChunkedGraphWriter {
  static let metadataName = "metadata.json"

  /// Checks that `directory` may be written, before any long work is done.
  ///
  /// - Throws: `InputError` when something is there and `force` is not set, or it is no chunked graph; `SystemError` when its parent is
  ///   missing or takes no files.
  public static func checkTarget(_ directory: String, force: Bool) throws {
    try StagingDirectory.checkTarget(directory, force: force, marker: metadataName, what: "an older chunked graph to replace")
  }

  /// Writes `graph` and the assignment; under another name first, which becomes `directory` at the end.
  ///
  /// - Throws: `InputError` when the target may not be replaced, names meet, or a table cannot be widened; `SystemError` when the disk
  ///   refuses. Nothing is left behind then.
  public static func write(
    _ graph: RawGraph, _ assignment: PartitionAssignment, to directory: String, force: Bool = false, threads: Threads
  ) throws {
    try checkTarget(directory, force: force)
    let chunked = try ChunkedGraph(graph, chunks: assignment.partCount)
    let jobs = chunked.jobs + assignmentJobs(graph, assignment)
    let staging = try StagingDirectory(replacing: directory)
    do {
      for folder in Set(jobs.map { String($0.path[..<$0.path.lastIndex(of: "/")!]) }).sorted() { try staging.makeDirectory(folder) }
      _ = try FileJob.run(jobs, in: staging.path, threads: threads, progress: { _ in })
      try staging.write(chunked.metadata.encoded(), to: metadataName)
      try staging.write(PartitionMeta(assignment).encoded(), to: "partitions/partition_meta.json")
      try staging.commit()
    } catch {
      staging.discard()
      throw error
    }
  }

  /// A text file for each node type.
  private static func assignmentJobs(_ graph: RawGraph, _ assignment: PartitionAssignment) -> [FileJob] {
    let numbering = NodeNumbering(graph)
    return graph.schema.nodeTypes.enumerated().map { type, name in
      let parts = assignment.parts
      let range = numbering.range(of: type)
      return FileJob(path: "partitions/\(name).txt", estimatedBytes: 3 * range.count) { path in
        let file = try NewTextFile(path)
        for node in range {
          try file.append(Int(parts[node]))
          try file.append(UInt8(ascii: "\n"))
        }
        try file.close()
      }
    }
  }

  /// What DGL wants to know of an assignment; it takes the names of two methods only.
  private struct PartitionMeta: Encodable {
    var version = "1.0.0"
    var partCount: Int
    var method: String

    private enum CodingKeys: String, CodingKey {
      case version
      case partCount = "num_parts"
      case method = "algo_name"
    }

    init(_ assignment: PartitionAssignment) {
      partCount = assignment.partCount
      method = assignment.record.method == "random" ? "random" : "metis"
    }
  }
}

/// `metadata.json` of a chunked graph.
struct ChunkedGraphMetadata: Encodable {
  struct Files: Encodable {
    var format: [String: String]
    /// Relative to the directory.
    var data: [String]
  }

  var graphName: String
  var nodeTypes: [String]
  var nodeCounts: [Int]
  /// The same by chunk, as older versions of DGL have them.
  var nodeCountsOfChunks: [[Int]]
  /// `author:writes:paper`.
  var relations: [String]
  var edgeCounts: [Int]
  var edgeCountsOfChunks: [[Int]]
  var edges: [String: Files] = [:]
  /// By node type and table.
  var nodeData: [String: [String: Files]] = [:]
  var edgeData: [String: [String: Files]] = [:]

  private enum CodingKeys: String, CodingKey {
    case graphName = "graph_name"
    case nodeTypes = "node_type"
    case nodeCounts = "num_nodes_per_type"
    case nodeCountsOfChunks = "num_nodes_per_chunk"
    case relations = "edge_type"
    case edgeCounts = "num_edges_per_type"
    case edgeCountsOfChunks = "num_edges_per_chunk"
    case edges
    case nodeData = "node_data"
    case edgeData = "edge_data"
  }
}

extension Encodable {
  /// JSON with sorted keys and a line feed.
  fileprivate func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try [UInt8](encoder.encode(self)) + [0x0A]
  }
}
