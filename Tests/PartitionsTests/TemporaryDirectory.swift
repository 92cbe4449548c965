import Foundation

/// An empty directory that goes away with its owner; in memory where the system has a place for that, since the writer
/// waits for the disk after every file.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    let memory = "/dev/shm"
    let base = FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
    path = "\(base)/partitions-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Names of all files below `name`, sorted, with their bytes.
  func contents(of name: String) throws -> [(String, Data)] {
    try FileManager.default.subpathsOfDirectory(atPath: file(name)).sorted().compactMap { entry in
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: "\(file(name))/\(entry)", isDirectory: &isDirectory)
      return isDirectory.boolValue ? nil : (entry, try Data(contentsOf: URL(fileURLWithPath: "\(file(name))/\(entry)")))
    }
  }
}
