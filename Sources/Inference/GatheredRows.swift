import Foundation
import Graphs
import Partitions
import Tensors

/// The rows of all parts of a directory of predictions, in the order of the user's node numbers.
///
/// Reads every part once, a window of nodes at a time. Memory: one window, the pages of mapped files, and 4 bytes for each node of a part
/// whose nodes do not lie by increasing number.
public struct GatheredRows {
  /// Nodes of all parts.
  public let nodes: Int
  public let rows: PredictionManifest.Rows
  /// Whether the array has one dimension.
  public let isFlat: Bool
  /// What the nodes are called in the user's files; `nil` where that is their number.
  let names: NodeNames?
  private let parts: [Part]
  private static let windowBytes = 4 << 20

  private struct Part {
    /// The user's number of each row.
    let original: ArrayView<Int64>
    let originalPath: String
    let bytes: ArrayView<UInt8>
    /// Rows by increasing number; `nil`: as they lie.
    let order: Buffer<UInt32>?

    init(original: ArrayView<Int64>, originalPath: String, bytes: ArrayView<UInt8>) {
      self.original = original
      self.originalPath = originalPath
      self.bytes = bytes
      let increases = original.indices.dropFirst().allSatisfy { original[$0 - 1] < original[$0] }
      order = increases ? nil : Buffer(copying: (0..<UInt32(original.count)).sorted { original[Int($0)] < original[Int($1)] })
    }

    /// The row of the `index`-th smallest number.
    func row(_ index: Int) -> Int { order.map { Int($0.pointer[index]) } ?? index }
  }

  /// Opens the files of one kind of rows and checks them: those of the directory and those that hold the nodes' numbers.
  ///
  /// - Parameters:
  ///   - directory: A directory of predictions.
  ///   - partitions: The partition directory; `nil`: where the manifest says.
  /// - Throws: `SystemError` when a file cannot be read, `InputError` when one is missing, damaged, or of another partition.
  public init(_ directory: String, _ output: PredictionOutput, partitions: String?) throws {
    let manifest = try PredictionManifest.load(directory)
    let place = "\(directory)/\(PredictionManifest.fileName)"
    guard let index = manifest.rows.firstIndex(where: { $0.output == output }) else {
      let found = manifest.rows.map(\.output.rawValue).joined(separator: ", ")
      throw InputError(place, expected: "\(output.rawValue)", found: found)
    }
    let rows = manifest.rows[index]
    let partitions = partitions ?? manifest.partitions
    let graph = try Self.partition(partitions, of: manifest)
    let isFlat = output == .predictions && manifest.kind == .classes
    self.isFlat = isFlat
    nodes = manifest.nodes
    self.rows = rows
    names = graph.schema.nodeTypes.count == 1 ? try graph.names(ofType: graph.schema.nodeTypes[0], in: partitions) : nil
    parts = try (0..<manifest.partCount).map { part in
      let record = manifest.files[part * manifest.rows.count + index]
      guard record.path == "\(PartFiles.folder(part))/\(output.rawValue).npy" else {
        throw InputError(place, expected: "the \(output.rawValue) of part \(part)", found: record.path)
      }
      try record.check(in: directory, content: true, recordedIn: PredictionManifest.fileName)
      let count = graph.parts[part].innerNodes.reduce(0, +)
      let array = try NPYArray(mapping: "\(directory)/\(record.path)")
      let shape = isFlat ? [count] : [count, rows.columns]
      guard array.elementType == rows.elementType, array.shape == shape else {
        throw InputError(
          array.path, expected: "\(rows.elementType) of shape \(shape)", found: "\(array.elementType) of shape \(array.shape)")
      }
      let name = "\(PartFiles.folder(part))/original.npy"
      guard let original = graph.files.first(where: { $0.path == name }) else {
        throw InputError("\(partitions)/\(Manifest.fileName)", expected: "a record of \(name)", found: "none")
      }
      try original.check(in: partitions, content: true)
      let numbers = try NPYArray(mapping: "\(partitions)/\(name)").elements(as: Int64.self, shape: [count])
      return Part(original: numbers, originalPath: "\(partitions)/\(name)", bytes: array.bytes)
    }
  }

  /// The partition's manifest, which must be the one that inference ran on.
  private static func partition(_ directory: String, of manifest: PredictionManifest) throws -> Manifest {
    let path = "\(directory)/\(Manifest.fileName)"
    guard FileManager.default.fileExists(atPath: path) else {
      throw InputError(path, expected: "the partition that was predicted (--parts says where it is now)", found: "no such file")
    }
    let graph = try Manifest.load(directory)
    let checksum = try Checksum.of(file: path)
    guard checksum == manifest.partition, graph.partCount == manifest.partCount, graph.nodeCount == manifest.nodes else {
      throw InputError(path, expected: "checksum \(manifest.partition), of the partition that was predicted", found: checksum)
    }
    return graph
  }

  /// Bytes of a row.
  public var rowBytes: Int { rows.columns * rows.elementType.size }

  /// Calls `body` with windows of rows, in the order of nodes.
  ///
  /// - Parameter body: Called with the number of the first node, and the rows of it and those that follow.
  /// - Throws: `InputError` when the parts' numbers are not every number below `nodes`, once.
  public func forEachWindow(_ body: (Int, UnsafeRawBufferPointer) throws -> Void) throws {
    let length = max(1, Self.windowBytes / rowBytes)
    let window = Buffer<UInt8>(count: min(nodes, length) * rowBytes)
    let isFilled = Buffer<Bool>(count: min(nodes, length))
    var next = [Int](repeating: 0, count: parts.count)
    for first in stride(from: 0, to: nodes, by: length) {
      let end = min(nodes, first + length)
      isFilled.pointer.update(repeating: false, count: isFilled.count)
      var filled = 0
      for (index, part) in parts.enumerated() {
        while next[index] < part.original.count, part.original[part.row(next[index])] < end {
          let row = part.row(next[index])
          let place = Int(part.original[row]) - first
          guard place >= 0, !isFilled.pointer[place] else {
            throw InputError(
              "\(part.originalPath), row \(row)", expected: "numbers that no other row has", found: "\(part.original[row])")
          }
          isFilled.pointer[place] = true
          (window.pointer + place * rowBytes).update(from: part.bytes.pointer + row * rowBytes, count: rowBytes)
          next[index] += 1
          filled += 1
        }
      }
      guard filled == end - first else {
        throw InputError(
          parts.first?.originalPath ?? "", expected: "every node from \(first) to \(end - 1) in some part", found: "\(filled) of them")
      }
      try withExtendedLifetime(window) { try body(first, UnsafeRawBufferPointer(start: window.pointer, count: filled * rowBytes)) }
    }
  }
}
