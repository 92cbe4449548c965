import Foundation
public import Partitions
public import Tensors

/// What inference gives for every node.
public enum PredictionOutput: String, Codable, CaseIterable, Sendable {
  /// What the model gives, float32 (n, outputs).
  case logits
  /// What follows from the logits: the class, int32 (n); a 0 or 1 for each label, uint8 (n, labels); or the values, float32 (n, targets).
  case predictions
  /// The rows that the model's last product reads, float32 (n, width).
  case embeddings
}

/// How logits become predictions.
public enum PredictionKind: String, Codable, CaseIterable, Sendable {
  /// The class with the largest logit, the lowest of several.
  case classes
  /// The labels whose probability is above one half.
  case labels
  /// The logits themselves.
  case values
}

/// `manifest.json`: what a directory of predictions holds. Equal bytes for any number of workers, threads and any memory.
public struct PredictionManifest: Codable, Equatable, Sendable {
  /// One kind of rows, a file `<name>.npy` in every part's folder.
  public struct Rows: Codable, Equatable, Sendable {
    public var output: PredictionOutput
    public var elementType: ElementType
    /// Columns of a row; the array of predicted classes has no second dimension.
    public var columns: Int

    public init(output: PredictionOutput, elementType: ElementType, columns: Int) {
      self.output = output
      self.elementType = elementType
      self.columns = columns
    }
  }

  /// Version of the format this program writes.
  public static let currentVersion = 1
  public static let fileName = "manifest.json"

  public var formatVersion = Self.currentVersion
  /// The partition directory, an absolute path.
  public var partitions: String
  /// Checksum of its `graph.json`.
  public var partition: String
  /// Fingerprint of the graph.
  public var fingerprint: String
  /// Number of parts, k.
  public var partCount: Int
  /// Nodes of all parts.
  public var nodes: Int
  /// Checksum of the model's file.
  public var model: String
  public var kind: PredictionKind
  public var rows: [Rows]
  /// Part by part, in the order of `rows`; paths are relative to the directory.
  public var files: [FileRecord]

  public init(
    partitions: String, partition: String, fingerprint: String, partCount: Int, nodes: Int, model: String, kind: PredictionKind,
    rows: [Rows], files: [FileRecord]
  ) {
    self.partitions = partitions
    self.partition = partition
    self.fingerprint = fingerprint
    self.partCount = partCount
    self.nodes = nodes
    self.model = model
    self.kind = kind
    self.rows = rows
    self.files = files
  }

  /// Reads the manifest of a directory.
  ///
  /// - Throws: `SystemError` when it cannot be read; `InputError` when it is none or of a later version.
  public static func load(_ directory: String) throws -> PredictionManifest {
    let path = "\(directory)/\(fileName)"
    let file = try MappedFile(path)
    let data = withExtendedLifetime(file) { Data(file.bytes) }
    guard let manifest = try? JSONDecoder().decode(PredictionManifest.self, from: data) else {
      throw InputError(path, expected: "the manifest of a directory of predictions", found: "\(data.count) bytes of something else")
    }
    guard manifest.formatVersion == currentVersion else {
      throw InputError(path, expected: "format version \(currentVersion)", found: "version \(manifest.formatVersion)")
    }
    guard manifest.files.count == manifest.partCount * manifest.rows.count, manifest.nodes >= 0 else {
      throw InputError(
        path, expected: "\(manifest.rows.count) files for each of \(manifest.partCount) parts", found: "\(manifest.files.count)")
    }
    return manifest
  }

  /// The bytes of the file: keys sorted, so equal manifests have equal bytes.
  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([0x0A])
  }
}
