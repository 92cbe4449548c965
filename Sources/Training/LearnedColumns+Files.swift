import Collectives
import Foundation
import KVStore
import Partitions
import Tensors

/// Where the learned rows of a run lie on the disk: every worker writes those of its own parts.
///
/// ```
/// embeddings/part-003.safetensors                        rows of the best epoch, which belong to model.safetensors
/// checkpoints/epoch-000012/part-003.safetensors          rows and the optimiser's state
/// checkpoints/epoch-000012/best-part-003.safetensors     rows of the best epoch so far, if there is one
/// ```
enum LearnedFiles {
  static let folder = "embeddings"
  /// Key of the number of steps that rows are as of, in the metadata of their files and of the model's.
  static let stepsKey = "learned-steps"
  static let partitionKey = "partition"

  static func best(part: Int) -> String { "best-" + LearnedTable.fileName(part: part) }

  /// Gives a file a second name; a copy where the disk has no such names.
  static func share(_ path: String, as other: String) throws {
    if FileManager.default.fileExists(atPath: other) { try FileManager.default.removeItem(atPath: other) }
    guard link(path, other) != 0 else { return }
    do { try FileManager.default.copyItem(atPath: path, toPath: other) } catch {
      throw RunDirectory.failure("copy \(path) to \(other)", error)
    }
  }
}

extension LearnedColumns {
  /// What the log says at the beginning.
  func notice(manifest: Manifest) -> String {
    let type = table.shards.description.nodeType
    let nodes = manifest.parts.reduce(0) { $0 + $1.innerNodes[type] }
    let (values, state) = (
      bytes(table.options.elementType.rowBytes(columns: columns)), bytes(table.options.optimizer.stateBytes(columns: columns))
    )
    func bytes(_ row: Int) -> String { String(format: "%.1f MB", Double(nodes * row) * 1e-6) }
    return
      "learned columns: \(columns) for each of \(nodes) nodes of type \(manifest.schema.nodeTypes[type]), \(configuration.optimizer.rawValue) "
      + "at \(configuration.learningRate): \(values) of rows and \(state) of state over all workers"
  }

  private var columns: Int { table.options.columns }

  /// Writes the rows of own parts beside the model that they belong to.
  ///
  /// - Parameter directory: The folder `embeddings` of a run, which exists.
  func writeRows(to directory: String, partition: String) throws {
    for part in table.partNumbers {
      try table.write(
        part: part, withState: false, metadata: metadata(partition), to: "\(directory)/\(LearnedTable.fileName(part: part))")
    }
  }

  /// Writes what a checkpoint keeps of own parts.
  ///
  /// - Parameters:
  ///   - directory: The checkpoint's, which exists.
  ///   - best: The folder with the rows of the best epoch; `nil`: no epoch is best yet.
  /// - Returns: Records of the files.
  func writeCheckpoint(to directory: String, best: String?, partition: String) throws -> [FileRecord] {
    try table.partNumbers.flatMap { part in
      var names = [LearnedTable.fileName(part: part)]
      try table.write(part: part, withState: true, metadata: metadata(partition), to: "\(directory)/\(names[0])")
      if let best {
        try LearnedFiles.share("\(best)/\(names[0])", as: "\(directory)/\(LearnedFiles.best(part: part))")
        names.append(LearnedFiles.best(part: part))
      }
      return try names.map { try FileRecord(of: "\(directory)/\($0)", path: $0) }
    }
  }

  /// Goes on from a checkpoint after `steps` steps.
  ///
  /// - Parameter directory: The checkpoint's.
  func restore(from directory: String, steps: Int) throws {
    for part in table.partNumbers { try table.read(part: part, from: "\(directory)/\(LearnedTable.fileName(part: part))") }
    table.restart(after: steps)
  }

  /// Puts the rows of the checkpoint's best epoch back beside the model: those that are there may be of a later epoch.
  func restoreBest(from directory: String, to folder: String) throws {
    for part in table.partNumbers {
      let name = LearnedTable.fileName(part: part)
      try LearnedFiles.share("\(directory)/\(LearnedFiles.best(part: part))", as: "\(folder)/\(name)")
    }
  }

  private func metadata(_ partition: String) -> [String: String] {
    [LearnedFiles.stepsKey: String(table.appliedSteps), LearnedFiles.partitionKey: partition]
  }
}
