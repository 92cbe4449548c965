import Collectives
import Foundation
import Inference
import KVStore
import Models
import Partitions
import Telemetry
import Tensors

/// Where the batches of a run find the rows that they begin with: the features, or what the first layer gathers of them.
enum FirstHopTable {
  struct Input {
    /// The fixed rows that batches read; `nil`: there are none.
    var store: RowStore?
    var table: TableDescription
    /// Layers that batches sample: all, or all but the first.
    var sampledLayers: Int
  }

  /// Opens the rows; those of an exact first hop are made where they are missing or damaged. A collective call.
  ///
  /// - Parameters:
  ///   - features: The rows of the task's table; `nil`: it has none.
  ///   - report: Shows a line to the user; called on worker 0 only.
  /// - Throws: The same error on every worker when any of them fails.
  static func store(
    of task: PredictionTask, model: Model, features: RowStore?, worker: Worker, directory: String, threads: Threads,
    report: (String) -> Void
  ) throws -> Input {
    guard task.training.firstHop == .exact, let firstHop = model.firstHop, let features, let table = task.table else {
      return Input(store: features, table: task.inputTable, sampledLayers: model.shape.layers)
    }
    let group = worker.group
    let derived = try group.agree {
      guard worker.manifest.schema.nodeTypes.count == 1 else {
        throw InputError("--first-hop", expected: "sampled on a graph with several node types", found: "exact")
      }
      return try description(firstHop, of: table, directory: directory)
    }
    let begin = MonotonicClock.now()
    let missing = worker.parts.filter { !derived.isComplete(part: $0.part, directory: directory) }
    let made = try group.allGather(value: missing.count).reduce(0, +)
    let rows = AggregatedRows(model: model, store: features, threads: threads)
    try group.agree {
      for part in missing {
        guard let source = part.nodes[task.nodeType].tables[table.name] else { preconditionFailure("the manifest has the table") }
        try derived.write(part: part.part, directory: directory, rows: part.innerCount) { path in
          try rows.write(part, source: source, as: derived.table, to: path)
        }
      }
    }
    let store = try worker.open(derived, in: directory)
    if group.rank == 0 {
      let seconds = String(format: "%.1f s", Double(MonotonicClock.now() - begin) * 1e-9)
      let origin = made > 0 ? "made for \(made) of \(worker.manifest.partCount) parts in \(seconds)" : "found"
      report(
        "first hop: exact, not sampled: every step reads \(derived.table.columns) columns a node of derived/\(derived.fingerprint) "
          + "(\(origin)); the first entry of the fan-out, \(task.training.fanout.hops[0]), is not used")
    }
    return Input(store: store, table: derived.table, sampledLayers: model.shape.layers - 1)
  }

  /// The table and all that decides its rows.
  private static func description(_ firstHop: FirstHop, of table: TableDescription, directory: String) throws -> DerivedTable {
    let stored = AggregatedRows.description(firstHop, of: table)
    return DerivedTable(
      table: stored, source: table.name, partition: try Checksum.of(file: "\(directory)/\(Manifest.fileName)"),
      recipe: [
        "aggregation": firstHop.aggregation.rawValue, "own row": firstHop.hasOwnRow ? "first" : "none",
        "row normalisation": firstHop.rowNormalise ? "by sum" : "none", "precision": "\(stored.elementType)",
      ])
  }
}
