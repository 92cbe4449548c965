import Foundation
import Partitions
import Tensors

/// A directory of predictions in the making: `<name>.partial` until it is complete, so that a process that died leaves what the next
/// one goes on from. Belongs to worker 0.
public struct PredictionDirectory {
  /// What must be the same when inference goes on: it decides the bits.
  public typealias Identity = [String: String]

  /// Where the results will lie.
  public let path: String
  /// Where they are written.
  public let partialPath: String
  /// Whether there is something to go on from.
  public let isResumed: Bool
  private static let identityName = "work/identity.json"

  /// - Parameters:
  ///   - force: Replaces a directory of predictions, and an unfinished one.
  ///   - resume: Goes on with an unfinished one, if there is one.
  /// - Throws: `InputError` when something is there that may not be replaced, or that cannot be gone on from; `SystemError` when the
  ///   directory cannot be made.
  public init(_ path: String, identity: Identity, resume: Bool, force: Bool) throws {
    let url = URL(fileURLWithPath: path).standardizedFileURL
    self.path = url.path
    partialPath = url.path + ".partial"
    try Self.checkTarget(self.path, force: force)
    if FileManager.default.fileExists(atPath: partialPath) {
      guard resume || force else {
        throw InputError(partialPath, expected: "--resume to go on from it, or --force", found: "an unfinished inference")
      }
      if resume, let found = try Self.identity(in: partialPath) {
        if let key = identity.keys.sorted().first(where: { found[$0] != identity[$0] }) {
          throw InputError(
            partialPath, expected: "an unfinished inference with this \(key): \(identity[key] ?? "")",
            found: "\(found[key] ?? "none"); --force without --resume begins anew")
        }
        isResumed = true
        return
      }
      try Self.remove(partialPath)
    }
    isResumed = false
    guard mkdir(partialPath, 0o755) == 0, mkdir("\(partialPath)/work", 0o755) == 0 else {
      throw SystemError("create directory \(partialPath)", code: errno)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do { try Self.write(try encoder.encode(identity), to: "\(partialPath)/\(Self.identityName)") } catch {
      try? Self.remove(partialPath)
      throw error
    }
  }

  /// Checks that predictions may be written to `path`: nothing is there, or `force` and it is an older directory of them.
  public static func checkTarget(_ path: String, force: Bool) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard force else { throw InputError(path, expected: "a new directory (or --force)", found: "one that exists") }
    let content = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let content, content.isEmpty || content.contains(PredictionManifest.fileName) else {
      throw InputError(path, expected: "an older directory of predictions to replace", found: "something else")
    }
  }

  /// Whether any step of any part is finished.
  public var holdsSteps: Bool {
    let files = (try? FileManager.default.subpathsOfDirectory(atPath: "\(partialPath)/work")) ?? []
    return files.contains { $0.contains("/step-") && $0.hasSuffix(".json") }
  }

  /// Removes everything written; for inference that failed before its first step was finished.
  public func discard() { try? Self.remove(partialPath) }

  /// Writes the manifest, removes what is no result, and gives the directory its name.
  public func publish(_ manifest: PredictionManifest) throws {
    try Self.write(try manifest.encoded(), to: "\(partialPath)/\(PredictionManifest.fileName)")
    try Self.remove("\(partialPath)/work")
    let folders = (0..<manifest.partCount).map { "\(partialPath)/\(PartFiles.folder($0))" }
    try DiskFlush.flush(manifest.files.map { "\(partialPath)/\($0.path)" } + folders + [partialPath])
    let retired = partialPath + "-old"
    let replaces = access(path, F_OK) == 0
    if replaces { guard rename(path, retired) == 0 else { throw SystemError("rename \(path)", code: errno) } }
    guard rename(partialPath, path) == 0 else {
      let code = errno
      if replaces { rename(retired, path) }
      throw SystemError("rename \(partialPath) to \(path)", code: code)
    }
    if replaces { try Self.remove(retired) }
  }

  /// What an unfinished inference was begun with; `nil` when it died before it wrote that.
  private static func identity(in directory: String) throws -> Identity? {
    guard let bytes = FileManager.default.contents(atPath: "\(directory)/\(identityName)") else { return nil }
    return try? JSONDecoder().decode(Identity.self, from: bytes)
  }

  private static func write(_ bytes: Data, to path: String) throws {
    guard FileManager.default.createFile(atPath: path + ".partial", contents: bytes) else {
      throw SystemError("create \(path)", code: errno)
    }
    try DiskFlush.flush([path + ".partial"])
    guard rename(path + ".partial", path) == 0 else { throw SystemError("rename \(path)", code: errno) }
  }

  private static func remove(_ path: String) throws {
    guard access(path, F_OK) == 0 else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw InputError(path, expected: "to be removed", found: error.localizedDescription)
    }
  }
}
