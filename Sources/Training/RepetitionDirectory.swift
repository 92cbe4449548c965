import Foundation

/// The directory of several runs: a run directory for each and `summary.json`; worker 0 makes it.
///
/// Until its first run is complete it is `<name>.partial`.
final class RepetitionDirectory {
  private let path: String
  private var published = false

  static func partial(_ path: String) -> String { path + ".partial" }

  /// - Parameter force: Replaces what is there, once the first run is complete.
  /// - Throws: `InputError` when `path` exists and `force` is false; `SystemError` when it cannot be created.
  init(creating path: String, force: Bool) throws {
    self.path = path
    try RunDirectory.requireAbsent(path, force: force)
    let partial = Self.partial(path)
    do {
      if FileManager.default.fileExists(atPath: partial) { try FileManager.default.removeItem(atPath: partial) }
      try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
    } catch { throw RunDirectory.failure("create \(partial)", error) }
  }

  /// Writes the summary of the runs so far; with the first the directory gets its name.
  func write(_ summary: RepetitionSummary) throws {
    let (partial, file) = (Self.partial(path), "\(published ? path : Self.partial(path))/summary.json")
    do {
      try Data(try summary.json().utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
      if published { return }
      if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
      try FileManager.default.moveItem(atPath: partial, toPath: path)
    } catch { throw RunDirectory.failure("write \(file)", error) }
    published = true
  }

  /// Removes what was written when no run is complete.
  func discard() {
    if !published { try? FileManager.default.removeItem(atPath: Self.partial(path)) }
  }
}
