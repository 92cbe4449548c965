import Foundation
import Tensors

/// The files of a published dataset, found by name with any known suffix; OGB keeps some of them under `raw/`.
struct RawFolder {
  let path: String

  /// - Throws: `InputError` when there is no such folder.
  init(_ path: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      throw InputError(path, expected: "a folder of a dataset's files, or an .npz archive", found: "no folder")
    }
    self.path = path
  }

  /// The file `name` plus one of `suffixes`, or `nil` where there is none.
  ///
  /// - Parameter folder: Below the folder, `split/planetoid`; without it the folder itself and `raw` are searched.
  /// - Throws: `InputError` when several fit, for which of them counts would be a guess.
  func find(_ name: String, suffixes: [String] = RawFolder.textSuffixes, in folder: String? = nil) throws -> String? {
    let places = folder.map { [$0] } ?? ["", "raw"]
    let candidates = places.flatMap { place in
      suffixes.map { suffix in (place.isEmpty ? path : "\(path)/\(place)") + "/\(name)\(suffix)" }
    }
    let found = candidates.filter { FileManager.default.fileExists(atPath: $0) }
    guard found.count <= 1 else {
      throw InputError(
        path, expected: "one file \(name)", found: found.map { String($0.dropFirst(path.count + 1)) }.joined(separator: ", "))
    }
    return found.first
  }

  /// The file of the folder itself whose name ends with `ending` and one of `suffixes`, or `nil` where there is none.
  ///
  /// - Throws: `InputError` when several fit.
  func find(ending: String, suffixes: [String]) throws -> String? {
    let found = names.filter { name in suffixes.contains { name.hasSuffix(ending + $0) } }
    guard found.count <= 1 else {
      let what = ending.isEmpty ? suffixes[0] : ending
      throw InputError(path, expected: "one file NAME\(what)", found: found.joined(separator: ", "))
    }
    return found.first.map { "\(path)/\($0)" }
  }

  /// What the folder holds, for an error: the first ten names.
  var listing: String { names.isEmpty ? "an empty folder" : names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "") }

  /// Names of files and folders, sorted.
  private var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

  /// As `find`, for a file that must be there.
  func require(_ name: String, in folder: String? = nil) throws -> String {
    if let found = try find(name, in: folder) { return found }
    throw InputError(folder.map { "\(path)/\($0)" } ?? path, expected: "a file \(name).csv.gz", found: "none")
  }

  /// Names of the splits, sorted.
  var splits: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/split")) ?? []
    return names.filter { name in
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/split/\(name)", isDirectory: &isDirectory) && isDirectory.boolValue
    }.sorted()
  }

  static let textSuffixes = [".csv", ".csv.gz", ".csv.zst"]
}
