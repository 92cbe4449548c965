import Compression
import Datasets
import Foundation
import Graphs
import Synchronization
import Tensors
import Testing

/// A folder of its own for one test, removed with the last reference.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "halo-datasets-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Names of everything in the folder, sorted.
  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// Writes `text` to a file, below folders that it makes; a name in `.gz` is compressed.
  @discardableResult
  func file(_ name: String, _ text: String) throws -> String { try file(name, bytes: Array(text.utf8)) }

  @discardableResult
  func file(_ name: String, bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(name.hasSuffix(".gz") ? Self.gzip(bytes) : bytes).write(to: url)
    return url.path
  }

  /// Writes an array to a `.npy` file.
  @discardableResult
  func array<T: BitwiseCopyable>(_ name: String, _ elements: [T], _ type: ElementType, _ shape: [Int]) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
    try NPYWriter.write(elements, to: file, elementType: type, shape: shape)
    return file
  }

  /// The message of the error that `body` ends in, paths relative to the folder.
  func failure(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch {
      return "\(error)".replacingOccurrences(of: path + "/", with: "")
    }
  }

  /// A gzip file of stored blocks.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var file: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    var start = 0
    repeat {
      let end = min(bytes.count, start + 65_535)
      let size = UInt16(end - start)
      file += [end == bytes.count ? 1 : 0] + little(size) + little(~size) + bytes[start..<end]
      start = end
    } while start < bytes.count
    return file + little(bytes.withUnsafeBytes { Deflate.crc32($0) }) + little(UInt32(bytes.count))
  }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// Collects notices.
final class Notices: Sendable {
  private let collected = Mutex<[String]>([])

  var all: [String] { collected.withLock { $0 } }

  func context(threads: Int = 1) -> IngestContext {
    IngestContext(threads: Threads(threads)) { notice in self.collected.withLock { $0.append(notice) } }
  }
}

extension RawGraph {
  /// The edges of the first relation as pairs.
  var pairs: [[UInt32]] { zip(edges[0].sources, edges[0].destinations).map { [$0, $1] } }

  /// The weights of the edges of the first relation; empty without.
  var weights: [Float] { edges[0].weights.map(Array.init) ?? [] }

  /// What the nodes of the first type are called; empty where they have no names.
  var names: [String] { nodes[0].names.map { names in (0..<names.count).map { names[$0] } } ?? [] }

  /// The edges of the first relation between names.
  var namedPairs: [[String]] { pairs.map { $0.map { nodes[0].names?[Int($0)] ?? "\($0)" } } }
}

extension FeatureTable {
  /// All float32 values of a dense table, row after row.
  var denseFloats: [Float] {
    guard case .dense(let rows) = self, rows.elementType == .float32, rows.strideBytes == rows.columns * 4 else { return [] }
    return withExtendedLifetime(rows) { Array(UnsafeRawBufferPointer(rows.bytes.elements).bindMemory(to: Float.self)) }
  }
}

/// A small generator for tests, SplitMix64.
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mix64(state)
  }
}
