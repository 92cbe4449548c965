import Foundation
public import Graphs
import Tensors

/// Reads a graph from whatever the user names: a dataset directory, a METIS file, or a text file of edges.
public enum GraphReader {
  /// Reads `path`, then transforms its edges.
  ///
  /// A directory is a dataset; a file named `*.graph`, `*.graph.gz` or `*.graph.zst` is METIS's format; any other file is a list
  /// of edges. What the transforms did comes as notices.
  ///
  /// - Parameter nodeCount: Number of nodes, for a list of edges whose ids have gaps.
  /// - Throws: `InputError` with file and line, `SystemError` where a file cannot be opened.
  public static func read(
    _ path: String, nodeCount: Int? = nil, transforms: EdgeTransforms = EdgeTransforms(), context: IngestContext = IngestContext()
  ) throws -> RawGraph {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw InputError(path, expected: "a dataset directory, an edge list or a .graph file", found: "nothing there")
    }
    let isList = !isDirectory.boolValue && !isMETIS(path)
    if nodeCount != nil && !isList { throw InputError("--nodes", expected: "no number of nodes, for \(path) states its own", found: "one") }
    var graph =
      isDirectory.boolValue
      ? try DatasetReader.open(path, context: context)
      : isList
        ? try RawEdgeListReader.read(path, nodeCount: nodeCount, context: context) : try METISGraphReader.read(path, context: context)
    transforms.applyNoticing(to: &graph, context: context)
    return graph
  }

  private static func isMETIS(_ path: String) -> Bool { ["", ".gz", ".zst"].contains { path.hasSuffix(".graph\($0)") } }
}
