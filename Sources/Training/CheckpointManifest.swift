import Configuration
import Foundation
import Partitions
import Tensors

/// Whose checkpoint it is: a run goes on only with the partition and the configuration that it began with.
struct CheckpointIdentity: Codable, Equatable {
  /// Checksum of the partition's `graph.json`.
  var partition: String
  /// Checksum of the configuration. The number of epochs takes no part where the learning rate does not depend on it: a run may
  /// then be made longer.
  var configuration: String
  var stepsPerEpoch: Int

  init(partitions: String, training: TrainingConfiguration, stepsPerEpoch: Int) throws {
    partition = try Checksum.of(file: "\(partitions)/\(Manifest.fileName)")
    self.stepsPerEpoch = stepsPerEpoch
    var training = training
    if !training.schedule.dependsOnEpochs { training.epochs = 0 }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    configuration = try encoder.encode(training).withUnsafeBytes(Checksum.of)
  }
}

/// `manifest.json` of a checkpoint, written after everything that it names.
struct CheckpointManifest: Codable {
  static let fileName = "manifest.json"
  /// Version of the format this program writes.
  static let currentVersion = 1

  var formatVersion = currentVersion
  /// Epochs that are finished.
  var epoch: Int
  /// Steps that are taken.
  var step: Int
  var run: CheckpointIdentity
  /// Every other file of the directory.
  var files: [FileRecord]

  init(epoch: Int, run: CheckpointIdentity, files: [FileRecord]) {
    self.epoch = epoch
    step = epoch * run.stepsPerEpoch
    self.run = run
    self.files = files
  }

  /// Reads the manifest of the checkpoint after `epoch` in `directory` and compares every file that it names.
  ///
  /// - Throws: `SystemError` when something cannot be read, `InputError` when it is damaged or belongs to another run.
  init(checking directory: String, epoch: Int, run: CheckpointIdentity) throws {
    let path = "\(directory)/\(Self.fileName)"
    let file = try MappedFile(path)
    let data = withExtendedLifetime(file) { Data(file.bytes) }
    guard let manifest = try? JSONDecoder().decode(Self.self, from: data) else {
      throw InputError(path, expected: "the manifest of a checkpoint", found: "damaged JSON")
    }
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds { throw InputError(path, expected: expected, found: found) }
    }
    try demand(manifest.formatVersion == Self.currentVersion, "format version \(Self.currentVersion)", "version \(manifest.formatVersion)")
    try demand(manifest.run.partition == run.partition, "a checkpoint on this partition", "one on another")
    try demand(manifest.run.configuration == run.configuration, "a checkpoint of this run's configuration", "one of another")
    try demand(
      manifest.run == run && manifest.epoch == epoch && manifest.step == epoch * run.stepsPerEpoch,
      "epoch \(epoch) of \(run.stepsPerEpoch) steps", "step \(manifest.step) in epoch \(manifest.epoch)")
    for record in manifest.files { try record.check(in: directory, content: true, recordedIn: Self.fileName) }
    self = manifest
  }
}
