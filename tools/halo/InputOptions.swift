import ArgumentParser
import Configuration
import Datasets
import Foundation
import Telemetry
import Tensors
import Training

/// How a list of edges is read: its columns and what stands for a node.
struct InputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Column of sources, by the name in the header or by position from 0 (default: 0).", valueName: "column"))
  var sourceColumn: String?

  @Option(help: ArgumentHelp("Column of destinations (default: 1).", valueName: "column"))
  var destinationColumn: String?

  @Option(
    help: ArgumentHelp(
      "Column of edge weights, which are kept as weights.npy; 'weight' for .graph and .mtx, an array's name for .npz (default: none).",
      valueName: "column"))
  var weightColumn: String?

  @Option(
    help: ArgumentHelp(
      "Columns of numbers that become the edges' table 'feat', as 3,4 or amount,time; of lists in text (default: none).",
      valueName: "columns"))
  var featureColumns: String?

  @Option(
    help: help(
      "Whether the first line names columns: detect, present or absent; 'detect' takes a line for names if it holds no numbers.",
      EdgeListFormat.Header.detect.rawValue))
  var header: EdgeListFormat.Header?

  @Option(
    help: help(
      "What stands for a node: whole numbers from 0 without gaps (dense), or numbers or names of any kind (compact), which are "
        + "numbered by first appearance and kept beside the graph.", EdgeListFormat.IDs.dense.rawValue))
  var ids: EdgeListFormat.IDs?

  @Option(
    help: ArgumentHelp(
      "Memory of the table of --ids compact: bytes, 800MiB, 2GiB; what does not fit is numbered through temporary files beside the "
        + "output (default: 256MiB).", valueName: "amount"))
  var idMemory: MemoryAmount?

  @Option(
    help: ArgumentHelp(
      "Memory that may be taken, mapped files aside: bytes, 800MiB, 8GiB, or 50% of what is free. What does not fit lies in temporary "
        + "files beside the output; where that is not enough, the command says so before it begins. (default: what it takes)",
      valueName: "amount"))
  var memory: MemoryAmount?

  @Option(help: ArgumentHelp("Number of nodes of an edge list in which not every node occurs.", valueName: "count"))
  var nodes: Int?

  func validate() throws {
    if case .share? = idMemory { throw ValidationError("--id-memory takes bytes, such as 800MiB") }
  }

  /// The bytes of `--memory`.
  private func memoryLimit() throws -> Int? {
    switch memory {
    case nil: return nil
    case .bytes(let bytes)?: return bytes
    case .share(let share)?:
      guard let free = FreeMemory.bytes() else {
        throw InputError("--memory", expected: "bytes where the system does not tell what is free", found: "\(share * 100)%")
      }
      return Int(Double(free) * share)
    }
  }

  var format: EdgeListFormat {
    EdgeListFormat(
      source: sourceColumn.map { EdgeListFormat.Column($0) }, destination: destinationColumn.map { EdgeListFormat.Column($0) },
      weight: weightColumn.map { EdgeListFormat.Column($0) },
      features: (featureColumns?.split(separator: ",") ?? []).map { EdgeListFormat.Column(String($0)) }, header: header ?? .detect,
      ids: ids ?? .dense)
  }

  /// How graphs are read by a command that writes `output`.
  ///
  /// - Throws: `InputError` when a share is asked for and nobody knows of what.
  func ingest(_ threads: ThreadsOption, output: String) throws -> IngestContext {
    var context = threads.ingest
    context.memory = try memoryLimit()
    // The table is one of several things in memory.
    if let limit = context.memory { context.idTableBytes = min(context.idTableBytes, limit / 4) }
    context.scratchFolder = URL(fileURLWithPath: output).standardizedFileURL.deletingLastPathComponent().path
    if case .bytes(let bytes)? = idMemory { context.idTableBytes = bytes }
    return context
  }
}
