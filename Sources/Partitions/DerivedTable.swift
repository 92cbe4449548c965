import Foundation
import Glibc
public import Tensors

/// A table that was computed from a partition and is kept beside it, outside `graph.json` and its files.
///
/// ```
/// part-000/derived/<fingerprint>/   manifest.json   what the table is, what it was made of, size and checksum of its files
///                                   <table>.npy     a row per inner node, or <table>.indptr.npy, .indices.npy, .data.npy
/// ```
/// The fingerprint is a checksum of everything that decides the rows, so a folder of that name holds them, or is damaged. Each part's
/// folder is written beside its place and moved there when it is complete: none is ever half-written.
public struct DerivedTable: Codable, Hashable, Sendable {
  /// Version of the format this program writes.
  public static let currentVersion = 1
  static let manifestName = "manifest.json"

  public let formatVersion: Int
  /// The rows as they are stored.
  public let table: TableDescription
  /// Name of the table that they were made of.
  public let source: String
  /// Checksum of the partition's `graph.json`, which holds those of all edges and tables.
  public let partition: String
  /// How they were made, by the names of the choices.
  public let recipe: [String: String]

  public init(table: TableDescription, source: String, partition: String, recipe: [String: String]) {
    formatVersion = Self.currentVersion
    self.table = table
    self.source = source
    self.partition = partition
    self.recipe = recipe
  }

  /// 32 hexadecimal digits.
  public var fingerprint: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(self) else { preconditionFailure("strings and numbers are JSON") }
    return bytes.withUnsafeBytes(Checksum.of)
  }

  /// One part's folder, relative to the part's.
  private var folder: String { "derived/\(fingerprint)" }

  private func path(ofPart part: Int, _ directory: String) -> String { "\(directory)/\(PartFiles.folder(part))/\(folder)" }

  /// What the folder of one part holds.
  private struct Content: Codable {
    var description: DerivedTable
    var part: Int
    var rows: Int
    /// Relative to the folder.
    var files: [FileRecord]
  }

  /// Whether the part's rows are there and whole: every file is read and compared with its checksum.
  public func isComplete(part: Int, directory: String) -> Bool {
    let path = path(ofPart: part, directory)
    guard let bytes = FileManager.default.contents(atPath: "\(path)/\(Self.manifestName)"),
      let content = try? JSONDecoder().decode(Content.self, from: bytes), content.description == self, content.part == part
    else { return false }
    return content.files.allSatisfy { (try? $0.check(in: path, content: true, recordedIn: Self.manifestName)) != nil }
  }

  /// Maps the part's rows.
  ///
  /// - Parameter rows: Nodes of the table's type in the part.
  /// - Throws: `SystemError` when a file cannot be opened, `InputError` when it has another shape.
  public func rows(part: Int, directory: String, rows: Int) throws -> FeatureTable {
    try PartFiles(directory: directory, part: part).table(table, folder: folder, rows: rows)
  }

  /// Writes one part's folder, replacing what is there.
  ///
  /// - Parameter body: Given a path without extension, writes the table's files there and returns their extensions.
  /// - Throws: What `body` throws, and `SystemError` when the disk refuses; the folder is then as it was.
  public func write(part: Int, directory: String, rows: Int, _ body: (String) throws -> [String]) throws {
    let path = path(ofPart: part, directory)
    let place = "\(directory)/\(PartFiles.folder(part))/derived"
    guard mkdir(place, 0o755) == 0 || errno == EEXIST else { throw SystemError("create directory \(place)", code: errno) }
    try removeAbandoned(in: place)
    let staging = try StagingDirectory(replacing: path)
    do {
      let files = try body("\(staging.path)/\(table.name)").map { suffix in
        try FileRecord(of: "\(staging.path)/\(table.name)\(suffix)", path: table.name + suffix)
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      let content = try encoder.encode(Content(description: self, part: part, rows: rows, files: files))
      try staging.write([UInt8](content) + [0x0A], to: Self.manifestName)
      try staging.commit()
    } catch {
      staging.discard()
      throw error
    }
  }

  /// Removes what writers of this table that no longer live have left.
  private func removeAbandoned(in place: String) throws {
    let prefix = ".\(fingerprint).partial-"
    for name in try FileManager.default.contentsOfDirectory(atPath: place) where name.hasPrefix(prefix) {
      let writer = name.dropFirst(prefix.count).prefix { $0.isNumber }
      if let process = pid_t(writer), kill(process, 0) != 0, errno == ESRCH {
        try? FileManager.default.removeItem(atPath: "\(place)/\(name)")
      }
    }
  }
}
