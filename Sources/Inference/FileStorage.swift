public import Collectives
import Foundation
import Kernels
public import Partitions
public import Tensors

/// Keeps the rows of every step in files, so that inference can go on after its process died and need not fit into memory.
///
/// ```
/// part-000/logits.npy, embeddings.npy   rows of the steps that are kept, where they are wanted
/// work/part-000/step-0.npy              rows of the others, removed when every worker has those of the step that reads them
/// work/part-000/step-0.json             size and checksum of a step's rows, written when they are on the disk
/// ```
/// A part's files do not depend on its worker: inference goes on with any number of them. Confined to one thread.
public final class FileStorage: InferenceStorage {
  public let joins: Bool
  public private(set) var finishedSteps = 0
  public let roundBytes: Int
  private let directory: String
  private let parts: [LocalPartition]
  private let kept: [Int: String]
  private let memory: InferenceMemory
  private let group: any ProcessGroup
  private let ledger: MemoryLedger

  /// A collective call; finds out which steps are finished everywhere.
  ///
  /// - Parameters:
  ///   - directory: A folder that all workers share.
  ///   - parts: The worker's own parts.
  ///   - kept: Names of the results that steps give.
  public init(
    directory: String, parts: [LocalPartition], steps: InferenceSteps, kept: [Int: String], memory: InferenceMemory, group: any ProcessGroup
  ) throws {
    self.directory = directory
    self.parts = parts
    self.kept = kept
    self.memory = memory
    self.group = group
    joins = steps.steps.contains(.join)
    ledger = MemoryLedger(limit: memory.scratchBytes)
    roundBytes = try group.allGather(value: memory.roundBytes).min() ?? memory.roundBytes
    for part in parts {
      for folder in ["\(directory)/\(PartFiles.folder(part.part))", "\(directory)/work/\(PartFiles.folder(part.part))"] {
        try Self.makeDirectory(folder)
      }
    }
    let mine = (0...steps.count).last { count in parts.allSatisfy { count == 0 || record(of: count - 1, $0) != nil } } ?? 0
    finishedSteps = try group.allGather(value: mine).min() ?? 0
  }

  public func chunkRows(of step: Int) -> Int { memory.chunkRows[step] }

  public func rows(of step: Int, part: Int, columns: Int, fill: (MatrixView) throws -> Void) throws -> MappedMatrix {
    let part = parts[part]
    let file = path(of: step, part)
    if let record = record(of: step, part) {
      try record.check(in: directory, content: true, recordedIn: recordPath(of: step, part))
      return try MappedMatrix(opening: "\(directory)/\(file)", rows: part.innerCount, columns: columns)
    }
    let rows = try MappedMatrix(creating: "\(directory)/\(file)", rows: part.innerCount, columns: columns)
    try fill(rows.view)
    try rows.flush()
    try write(FileRecord(of: "\(directory)/\(file)", path: file), of: step, part)
    return rows
  }

  public func scratch(rows: Int, columns: Int) throws -> any RowOwner {
    if let held = ledger.take(4 * rows * columns) { return HeldMatrix(Matrix(rows: rows, columns: columns), held) }
    return try MappedMatrix(creating: "\(directory)/work/scratch-\(group.rank)", rows: rows, columns: columns, isTemporary: true)
  }

  public func finish(_ step: Int, of steps: InferenceSteps) throws {
    // A worker that dies now must find what its parts read: nobody removes it before all have got past it.
    try group.barrier()
    for old in 0..<step where kept[old] == nil && !steps.isRead(old, from: step + 1) {
      for part in parts {
        try remove("\(directory)/\(recordPath(of: old, part))")
        try remove("\(directory)/\(path(of: old, part))")
      }
    }
  }

  /// The record of a finished step's rows; `nil` while they are not finished.
  public func record(of step: Int, _ part: LocalPartition) -> FileRecord? {
    guard let bytes = FileManager.default.contents(atPath: "\(directory)/\(recordPath(of: step, part))") else { return nil }
    return try? JSONDecoder().decode(FileRecord.self, from: bytes)
  }

  private func path(of step: Int, _ part: LocalPartition) -> String {
    let folder = PartFiles.folder(part.part)
    return kept[step].map { "\(folder)/\($0).npy" } ?? "work/\(folder)/step-\(step).npy"
  }

  private func recordPath(of step: Int, _ part: LocalPartition) -> String { "work/\(PartFiles.folder(part.part))/step-\(step).json" }

  /// Under another name first: a record that is there is whole.
  private func write(_ record: FileRecord, of step: Int, _ part: LocalPartition) throws {
    let file = "\(directory)/\(recordPath(of: step, part))"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard FileManager.default.createFile(atPath: file + ".partial", contents: try encoder.encode(record)) else {
      throw SystemError("create \(file)", code: errno)
    }
    try DiskFlush.flush([file + ".partial"])
    guard rename(file + ".partial", file) == 0 else { throw SystemError("rename \(file)", code: errno) }
    try DiskFlush.flush(["\(directory)/work/\(PartFiles.folder(part.part))"])
  }

  private func remove(_ path: String) throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove \(path)", code: errno) }
  }

  private static func makeDirectory(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw SystemError("create directory \(path)", code: errno) }
  }
}

/// Counts the bytes of layer-long rows in memory. Confined to one thread.
private final class MemoryLedger {
  private let limit: Int
  private var used = 0

  init(limit: Int) { self.limit = limit }

  /// Takes `bytes` until the result is released; `nil` when they do not fit.
  func take(_ bytes: Int) -> Held? {
    guard bytes <= limit - used else { return nil }
    used += bytes
    return Held(bytes: bytes, ledger: self)
  }

  final class Held {
    private let bytes: Int
    private let ledger: MemoryLedger

    init(bytes: Int, ledger: MemoryLedger) {
      self.bytes = bytes
      self.ledger = ledger
    }

    deinit { ledger.used -= bytes }
  }
}

/// Rows in memory that the ledger counts.
private final class HeldMatrix: RowOwner {
  private let matrix: Matrix
  private let held: MemoryLedger.Held

  init(_ matrix: Matrix, _ held: MemoryLedger.Held) {
    self.matrix = matrix
    self.held = held
  }

  var view: MatrixView { matrix.view }
}
