import Foundation
import Yams

/// A job in a YAML file: flat keys, one a line, of the names that the flags of `halo train` have.
///
/// ```
/// partitions: ../parts        # relative to the file's folder
/// fanout: [all, all]          # or all,all
/// weight-decay: [0.0005, 0]
/// lr: 0.01
/// ```
/// A run stores the file of its own configuration, with every key, as `job.yaml`.
public struct JobFile: Sendable {
  /// Name of the file in a run directory.
  public static let name = "job.yaml"

  public let path: String
  public let job: Job
  /// Line of each key in the file, from 1.
  private let lines: [String: Int]

  /// Reads a file; its values are not checked for their ranges before `validate`.
  ///
  /// - Throws: `ConfigurationError` naming file and line of what is no YAML, no key of a job, there twice, or of another type.
  public init(_ path: String) throws {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ConfigurationError(
        path, expected: "a job file", found: FileManager.default.fileExists(atPath: path) ? "one that cannot be read" : "none")
    }
    try self.init(path: path, bytes: bytes)
  }

  private init(path: String, bytes: Data) throws {
    self.path = path
    let keys = Dictionary(uniqueKeysWithValues: JobKey.all.map { ($0.name, $0) })
    let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    var (job, lines) = (Job(), [String: Int]())
    for (name, value) in try JobText(path: path, bytes: bytes).entries() {
      let place = "\(path):\(name.line)"
      guard let key = keys[name.text] else {
        let nearest = NearestName.of(name.text, in: JobKey.all.map(\.name))
        throw ConfigurationError(place, expected: "a key of a job, perhaps '\(nearest)'", found: "'\(name.text)'")
      }
      try key.read(JobValue(value, place: "\(place): \(name.text)", folder: folder.isEmpty && path.hasPrefix("/") ? "/" : folder), &job)
      lines[name.text] = name.line
    }
    self.job = job
    self.lines = lines
  }

  /// Checks `job`, which is this file's with flags written over it.
  ///
  /// - Throws: `ConfigurationError` for the first option outside its range; it names the file's line where the value is the file's.
  public func validate(_ job: Job) throws {
    do { try job.validate() } catch let error as ConfigurationError {
      guard let key = JobKey.all.first(where: { "--\($0.name)" == error.option }), let line = lines[key.name],
        key.text(job) == key.text(self.job)
      else { throw error }
      throw ConfigurationError("\(path):\(line): \(key.name)", expected: error.expected, found: error.found)
    }
  }
}
