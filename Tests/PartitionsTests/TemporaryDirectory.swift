import Foundation

/// An empty directory that goes away with its owner.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("partitions-\(UUID().uuidString)").path
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
