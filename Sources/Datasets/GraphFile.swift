import Foundation
import Tensors

/// What a graph can be read from, told apart by name.
enum GraphFile: Equatable {
  /// A directory with a manifest.
  case dataset(String)
  /// One of DGL's chunked graphs.
  case chunked(String)
  /// A METIS file, `.graph`.
  case metis(String)
  /// A Matrix Market file, `.mtx`.
  case matrix(String)
  /// Lists of edges in text; several are read as one.
  case text([String])
  /// Edges in `.npy` or `.npz`; several are read as one.
  case arrays([String])

  /// - Throws: `InputError` when nothing is there, or a folder holds files of several kinds.
  init(_ path: String) throws {
    if EdgeArrayFiles.isPair(path) {
      self = .arrays([path])
      return
    }
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw InputError(path, expected: "a dataset directory, an edge list or a .graph file", found: "nothing there")
    }
    if !isDirectory.boolValue {
      self = Self.kind(of: path)
    } else if FileManager.default.fileExists(atPath: "\(path)/\(DatasetManifest.fileName)") {
      self = .dataset(path)
    } else if ChunkedGraphReader.recognises(path) {
      self = .chunked(path)
    } else {
      self = try Self.shards(path)
    }
  }

  private static func kind(of path: String) -> GraphFile {
    func isNamed(_ suffix: String) -> Bool { ["", ".gz", ".zst"].contains { path.hasSuffix(suffix + $0) } }
    if isNamed(".graph") { return .metis(path) }
    if isNamed(".mtx") { return .matrix(path) }
    return path.hasSuffix(".npy") || path.hasSuffix(".npz") ? .arrays([path]) : .text([path])
  }

  /// The files of a folder, by name; names that begin with a dot or an underscore are marks of the programs that wrote the others.
  private static func shards(_ folder: String) throws -> GraphFile {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") && !$0.hasPrefix("_") }.sorted()
    guard !names.isEmpty else {
      throw InputError(
        folder, expected: "a dataset directory with \(DatasetManifest.fileName), or a folder of edge lists", found: "no files")
    }
    var texts: [String] = []
    var arrays: [String] = []
    for path in names.map({ "\(folder)/\($0)" }) {
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue else {
        throw InputError(
          path, expected: "a file, for its folder has no \(DatasetManifest.fileName) and is read as edge lists", found: "a folder")
      }
      switch kind(of: path) {
      case .text: texts.append(path)
      case .arrays: arrays.append(path)
      case .dataset, .chunked, .metis, .matrix:
        throw InputError(path, expected: "edge lists in text, .npy or .npz alone in a folder", found: "a graph of its own")
      }
    }
    guard texts.isEmpty || arrays.isEmpty else {
      throw InputError(folder, expected: "files of one kind", found: "\(texts.count) of text and \(arrays.count) of arrays")
    }
    return texts.isEmpty ? .arrays(arrays) : .text(texts)
  }
}
