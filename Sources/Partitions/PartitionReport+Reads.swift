import Graphs

extension PartitionReport {
  /// What mini-batches are expected to read from other parts in an epoch.
  public struct Reads: Codable, Hashable, Sendable {
    /// Input hop first.
    public var fanout: String
    /// Seeds of one step over all parts.
    public var batchSize: Int
    /// Steps of an epoch.
    public var steps: Int
    /// Rows of each part in an epoch, and bytes of the table that training reads.
    public var rows: [Double]
    public var bytes: [Double]
    /// Those of them that replicas hold.
    public var replicatedRows: [Double]
    public var replicatedBytes: [Double]

    /// - Parameter widths: Bytes of a row of each node type.
    init(_ reads: ExpectedReads, widths: [Double]) {
      func sums(_ rows: [[Double]]) -> [Double] { rows.map { $0.reduce(0, +) } }
      func bytes(_ rows: [[Double]]) -> [Double] { rows.map { zip($0, widths).reduce(0) { $0 + $1.0 * $1.1 } } }
      let none = reads.rows.map { $0.map { _ in 0.0 } }
      fanout = reads.fanout
      batchSize = reads.batchSize
      steps = reads.steps
      rows = sums(reads.rows)
      self.bytes = bytes(reads.rows)
      replicatedRows = sums(reads.replicated ?? none)
      replicatedBytes = bytes(reads.replicated ?? none)
    }

    /// Of all parts.
    public var totalRows: Double { rows.reduce(0, +) }
    public var totalBytes: Double { bytes.reduce(0, +) }
    public var totalReplicatedRows: Double { replicatedRows.reduce(0, +) }
    public var totalReplicatedBytes: Double { replicatedBytes.reduce(0, +) }
  }

  /// What parts keep of other parts' nodes, shape (k) each.
  public struct Replicas: Codable, Hashable, Sendable {
    /// Nodes whose table rows are kept, and nodes whose in-edges are.
    public var rows: [Int]
    public var nodes: [Int]
    /// Bytes of all files of the replicas.
    public var bytes: [Int]

    /// `nil` where no part keeps any.
    init?(_ manifest: Manifest) {
      guard manifest.parts.contains(where: { $0.replicas != nil }) else { return nil }
      rows = manifest.parts.map { $0.replicas?.rows.reduce(0, +) ?? 0 }
      nodes = manifest.parts.map { $0.replicas?.nodes ?? 0 }
      bytes = manifest.parts.indices.map { part in
        let folder = "\(PartFiles.folder(part))/\(PartFiles.replica)/"
        return manifest.files.reduce(0) { $0 + ($1.path.hasPrefix(folder) ? $1.size : 0) }
      }
    }
  }
}

extension Manifest {
  /// Bytes of a row of the table that training reads of each node type (`InputTable`), without padding; the mean of a sparse one.
  var inputRowBytes: [Double] {
    schema.nodeTypes.indices.map { type in
      let candidates = tables.filter { $0.nodeType == type && $0.name != NodeData.targetTable }
      let bytes = candidates.map { (name: $0.name, bytes: $0.layout == .dense ? Double($0.rowBytes) : meanRowBytes($0)) }
      return bytes.first { $0.name == InputTable.usualName }?.bytes ?? bytes.map(\.bytes).max() ?? 0
    }
  }

  /// Bytes of the entries of a sparse table over its rows.
  private func meanRowBytes(_ table: TableDescription) -> Double {
    let ends = ["indices", "data"].map { "/nodes/\(schema.nodeTypes[table.nodeType])/\(table.name).\($0).npy" }
    let bytes = files.reduce(0) { sum, file in sum + (ends.contains(where: file.path.hasSuffix) ? file.size : 0) }
    return Double(bytes) / Double(max(1, parts.reduce(0) { $0 + $1.innerNodes[table.nodeType] }))
  }
}

/// Prints bytes with a unit and two decimals, `3.21 GB`.
struct Bytes: CustomStringConvertible {
  let count: Double

  init(_ count: Double) { self.count = count }

  var description: String {
    for (unit, size) in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where count >= size {
      let hundredths = Int((count / size * 100).rounded())
      return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100) \(unit)"
    }
    return "\(Int(count.rounded())) B"
  }
}
