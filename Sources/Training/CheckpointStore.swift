import Foundation
import Models
import Partitions
import Tensors

/// The checkpoints of a run on the disk; worker 0 alone has one.
///
/// ```
/// checkpoints/epoch-000012/
///   dense.safetensors      weights.NAME and best.NAME, first-moment.NAME …: every parameter's weights and the optimiser's state
///   part-003.safetensors   learned rows of part 3 and the optimiser's state, only where input columns are learned; and
///   best-part-003.safetensors   its learned rows after the best epoch so far
///   state.json             scores so far, best epoch, lengths of metrics.jsonl and timings.jsonl
///   manifest.json          format version, epoch, step, whose run it is; size and checksum of each file; written last
/// ```
/// Nothing in it depends on the number of workers. A directory is written under another name, flushed to the disk and renamed.
struct CheckpointStore {
  static let denseName = "dense.safetensors"
  static let stateName = "state.json"

  let path: String
  let run: CheckpointIdentity
  let layout: ParameterLayout

  /// Epochs that have a checkpoint, ascending.
  var epochs: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { name in name.hasPrefix("epoch-") ? Int(name.dropFirst(6)) : nil }.sorted()
  }

  func directory(ofEpoch epoch: Int) -> String { "\(path)/epoch-\(String(format: "%06d", epoch))" }

  private var partial: String { "\(path)/.partial" }

  /// Makes the directory of a checkpoint to come, empty, and returns its path.
  func begin() throws -> String {
    try Self.remove(partial)
    try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
    return partial
  }

  /// Writes a checkpoint; it has its name only when it is complete and on the disk.
  ///
  /// - Parameter others: Files that workers have written since `begin`; without any, `begin` is not needed.
  func write(_ checkpoint: Checkpoint, beside others: [FileRecord] = []) throws {
    let target = directory(ofEpoch: checkpoint.epoch)
    if others.isEmpty { _ = try begin() }
    try SafeTensorsWriter.write(tensors(of: checkpoint), to: "\(partial)/\(Self.denseName)")
    try Self.write(checkpoint.state, to: "\(partial)/\(Self.stateName)")
    let files = try [Self.denseName, Self.stateName].map { try FileRecord(of: "\(partial)/\($0)", path: $0) } + others
    try Self.write(
      CheckpointManifest(epoch: checkpoint.epoch, run: run, files: files), to: "\(partial)/\(CheckpointManifest.fileName)")
    try DiskFlush.flush([Self.stateName, CheckpointManifest.fileName].map { "\(partial)/\($0)" } + [partial])
    try Self.remove(target)
    guard rename(partial, target) == 0 else { throw SystemError("rename \(partial) to \(target)", code: errno) }
    try DiskFlush.flush([path])
  }

  /// Reads the checkpoint after `epoch`.
  ///
  /// - Throws: `SystemError` when something cannot be read, `InputError` when it is damaged or belongs to another run.
  func read(epoch: Int) throws -> Checkpoint {
    let directory = directory(ofEpoch: epoch)
    _ = try CheckpointManifest(checking: directory, epoch: epoch, run: run)
    let stateFile = "\(directory)/\(Self.stateName)"
    let data = try Data(contentsOf: URL(fileURLWithPath: stateFile))
    guard let state = try? JSONDecoder().decode(Checkpoint.State.self, from: data), state.progress.history.count == epoch else {
      throw InputError(stateFile, expected: "the state after epoch \(epoch)", found: "another")
    }
    let dense = try SafeTensorsFile(mapping: "\(directory)/\(Self.denseName)")
    var checkpoint = Checkpoint(state: state, vectors: [:])
    for name in Set(dense.names.map { String($0.prefix { $0 != "." }) }) {
      let vector = Buffer<Float>(count: layout.count)
      for parameter in layout.parameters {
        let values = try dense.floats("\(name).\(parameter.name)", shape: parameter.shape)
        withExtendedLifetime(values) {
          (vector.pointer + parameter.range.lowerBound).update(from: values.pointer, count: parameter.range.count)
        }
      }
      checkpoint.vectors[name] = vector
    }
    return checkpoint
  }

  /// The newest checkpoint that is whole and belongs to this run.
  ///
  /// - Parameter report: Gets a line for every newer one that is passed over.
  /// - Throws: `InputError` when there is none.
  func newest(report: (String) -> Void) throws -> Checkpoint {
    var reason: String?
    for epoch in epochs.reversed() {
      do {
        return try read(epoch: epoch)
      } catch {
        reason = reason ?? "\(error)"
        report("the checkpoint after epoch \(epoch) is passed over: \(error)")
      }
    }
    throw InputError(path, expected: "a checkpoint to go on from", found: reason ?? "none")
  }

  /// Removes all but the `count` newest checkpoints up to `epoch` and that of the best epoch.
  ///
  /// - Parameter epoch: The one just written: later ones have been passed over.
  func prune(upTo epoch: Int, keeping count: Int, best: Int?) throws {
    let kept = Set(epochs.filter { $0 <= epoch }.suffix(count) + (best.map { [$0] } ?? []))
    for old in epochs where !kept.contains(old) { try Self.remove(directory(ofEpoch: old)) }
  }

  private func tensors(of checkpoint: Checkpoint) -> [SafeTensor] {
    checkpoint.vectors.flatMap { name, vector in
      layout.parameters.map { SafeTensor(name: "\(name).\($0.name)", shape: $0.shape, floats: vector.view.slice($0.range)) }
    }
  }

  private static func write(_ value: some Encodable, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { try (encoder.encode(value) + [0x0A]).write(to: URL(fileURLWithPath: path)) } catch {
      throw RunDirectory.failure("write \(path)", error)
    }
  }

  private static func remove(_ path: String) throws {
    if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
  }
}
