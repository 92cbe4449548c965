import Foundation
import Tensors

/// The directory of a run: what was trained, how it went, and the model.
///
/// ```
/// job.yaml             every option as it was used, and the partition it was used on; repeats the run
/// metrics.jsonl        one line per step and per epoch; equal bytes for any number of workers and threads
/// timings.jsonl        one line per worker and epoch: seconds and bytes by stage, memory
/// model.safetensors    the best model on the validation set
/// embeddings/          learned rows that the model reads, a file for each part, only where input columns are learned
/// events.out.tfevents… losses, scores, learning rates and seconds for TensorBoard, see `EventFile`
/// checkpoints/         what a later process needs to go on, see `CheckpointStore`
/// scores.json          its scores, and a table of the classes; equal bytes for any number of workers and threads
/// ```
/// Written by worker 0 alone. The directory takes its name when its first epoch is complete; until then it is
/// `<name>.partial`, so a run that fails to start leaves nothing behind.
public final class RunDirectory {
  public let path: String
  private let partialPath: String
  private var published = false
  private let force: Bool
  private var metrics: FileHandle
  private var timings: FileHandle

  /// - Parameter force: Replaces a run that is already there.
  /// - Throws: `InputError` when `path` exists and `force` is false; `SystemError` when it cannot be created.
  public init(creating path: String, force: Bool) throws {
    self.path = path
    self.force = force
    partialPath = path + ".partial"
    try Self.requireAbsent(path, force: force)
    do {
      if FileManager.default.fileExists(atPath: partialPath) { try FileManager.default.removeItem(atPath: partialPath) }
      try FileManager.default.createDirectory(atPath: partialPath, withIntermediateDirectories: true)
    } catch { throw Self.failure("create \(partialPath)", error) }
    metrics = try Self.create("\(partialPath)/metrics.jsonl")
    timings = try Self.create("\(partialPath)/timings.jsonl")
  }

  /// Opens the directory of a run that goes on; lines that were written after the checkpoint are cut off.
  ///
  /// - Throws: `SystemError` when a file cannot be opened, `InputError` when one is shorter than at the checkpoint.
  init(resuming path: String, after state: Checkpoint.State) throws {
    self.path = path
    force = false
    partialPath = path
    published = true
    metrics = try Self.reopen("\(path)/metrics.jsonl", length: state.metricsBytes)
    timings = try Self.reopen("\(path)/timings.jsonl", length: state.timingsBytes)
    for (handle, length) in [(metrics, state.metricsBytes), (timings, state.timingsBytes)] {
      do { try handle.truncate(atOffset: UInt64(length)) } catch { throw Self.failure("cut a file of \(path)", error) }
    }
  }

  /// Flushes the lines so far to the disk and returns the bytes of `metrics.jsonl` and `timings.jsonl`.
  func flush() throws -> (metrics: Int, timings: Int) {
    do {
      try metrics.synchronize()
      try timings.synchronize()
      return (Int(try metrics.offset()), Int(try timings.offset()))
    } catch { throw Self.failure("flush the files of \(path)", error) }
  }

  /// Removes what an unpublished run has written.
  public func discard() {
    if !published { try? FileManager.default.removeItem(atPath: partialPath) }
  }

  /// Checks before any work that `path` may be written.
  public static func requireAbsent(_ path: String, force: Bool) throws {
    if FileManager.default.fileExists(atPath: path) && !force {
      throw InputError(path, expected: "a new directory (or --force)", found: "one that exists")
    }
  }

  /// Gives the directory its name; called when the first epoch is complete.
  func publish() throws {
    guard !published else { return }
    do {
      if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
      try FileManager.default.moveItem(atPath: partialPath, toPath: path)
    } catch { throw Self.failure("rename \(partialPath) to \(path)", error) }
    published = true
  }

  func file(_ name: String) -> String { "\(published ? path : partialPath)/\(name)" }

  func appendMetrics(_ lines: [some Encodable]) throws { try Self.append(lines, to: metrics, "metrics.jsonl") }

  func appendTimings(_ lines: [some Encodable]) throws { try Self.append(lines, to: timings, "timings.jsonl") }

  /// Writes a whole file of JSON under a temporary name and renames it.
  func write(_ name: String, _ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try write(name, text: String(decoding: encoder.encode(value), as: UTF8.self) + "\n")
  }

  /// Writes a whole file under a temporary name and renames it.
  func write(_ name: String, text: String) throws {
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)), options: .atomic) } catch {
      throw Self.failure("write \(file(name))", error)
    }
  }

  private static func create(_ path: String) throws -> FileHandle {
    guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
      throw SystemError("create \(path)", code: errno)
    }
    return handle
  }

  private static func reopen(_ path: String, length: Int) throws -> FileHandle {
    guard let handle = FileHandle(forUpdatingAtPath: path) else { throw SystemError("open \(path)", code: errno) }
    let found: UInt64
    do { found = try handle.seekToEnd() } catch { throw failure("read \(path)", error) }
    guard found >= UInt64(length) else {
      throw InputError(path, expected: "at least the \(length) bytes that the checkpoint counts", found: "\(found)")
    }
    return handle
  }

  private static func append(_ lines: [some Encodable], to handle: FileHandle, _ name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      var data = Data()
      for line in lines {
        data.append(try encoder.encode(line))
        data.append(0x0A)
      }
      try handle.write(contentsOf: data)
    } catch { throw failure("write \(name)", error) }
  }

  /// Foundation's errors carry the system's or stand for one; one line is enough.
  static func failure(_ operation: String, _ error: any Error) -> any Error {
    let codes: [CocoaError.Code: Int32] = [
      .fileWriteOutOfSpace: ENOSPC, .fileWriteVolumeReadOnly: EROFS, .fileWriteNoPermission: EACCES, .fileWriteFileExists: EEXIST,
      .fileNoSuchFile: ENOENT,
    ]
    if let code = (error as? CocoaError).flatMap({ codes[$0.code] }) { return SystemError(operation, code: code) }
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    for candidate in [underlying, error as NSError] {
      if let candidate, candidate.domain == NSPOSIXErrorDomain { return SystemError(operation, code: Int32(candidate.code)) }
    }
    return InputError(operation, expected: "success", found: (error as NSError).localizedDescription)
  }
}
