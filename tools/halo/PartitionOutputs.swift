import ArgumentParser
import Graphs
import Partitions
import Telemetry
import Tensors

/// What a partition is written as.
struct PartitionOutputs: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("Partition directory to make.", valueName: "directory"))
  var output: String?

  @Option(help: ArgumentHelp("Write the files of these parts alone, 0,2 or 0-3; graph.json describes all.", valueName: "parts"))
  var only: PartList?

  @Option(
    help: ArgumentHelp(
      """
      How dense feature tables are stored: float32, float16, bfloat16 or int8 (with a scale for each row), or TABLE=TYPE,... (default: as \
      they are in the dataset).
      """, valueName: "type"))
  var featureType: TableTypes?

  @Option(
    help: ArgumentHelp(
      "Write the part of each node as well: .npy, or a part a line as .txt, .part or .part.K (METIS).", valueName: "file"))
  var exportAssignment: String?

  @Option(
    help: ArgumentHelp("Write graph and assignment as one of DGL's chunked graphs as well.", valueName: "directory"))
  var exportDgl: String?

  @OptionGroup var force: ForceOption

  /// Whether anything is to be written.
  var isEmpty: Bool { output == nil && exportAssignment == nil && exportDgl == nil }

  func validate() throws {
    if only != nil && output == nil { throw ValidationError("--only belongs to -o") }
  }

  /// Checks that everything may be written, before any long work is done.
  func check() throws {
    if let output { try PartitionWriter.checkTarget(output, force: force.force) }
    if let exportAssignment { try AssignmentFile(exportAssignment).checkTarget(force: force.force) }
    if let exportDgl { try ChunkedGraphWriter.checkTarget(exportDgl, force: force.force) }
  }

  /// Writes everything and reports on it.
  ///
  /// - Parameters:
  ///   - haloHops: In-edges of halo nodes up to so many hops away are kept.
  ///   - edges: Where edges are sorted.
  func write(
    _ graph: RawGraph, _ assignment: PartitionAssignment, types: TableTypes, haloHops: Int, edges: ArrayStorage, threads: Threads
  ) throws -> PartitionReport {
    if let exportAssignment { try AssignmentFile(exportAssignment).write(assignment.parts) }
    if let exportDgl {
      Halo.printNote("writing \(exportDgl)")
      try ChunkedGraphWriter.write(graph, assignment, to: exportDgl, force: force.force, threads: threads)
    }
    guard let output else { return PartitionReport(assignment, of: graph, threads: threads) }
    let progress = ProgressReporter("writing parts", unit: "bytes", total: nil)
    try PartitionWriter.write(
      graph, assignment, to: output, types: types, only: only?.parts, haloHops: haloHops, reports: true, force: force.force,
      edges: edges, threads: threads
    ) { bytes, _ in
      progress.advance(by: bytes)
    }
    progress.finish()
    return try PartitionReport.load(output)
  }
}
