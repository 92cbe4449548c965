public import Graphs
import Tensors

extension Manifest {
  /// What the nodes of a type are called in the user's files, by the user's numbers; `nil` where they have no names.
  ///
  /// - Parameter directory: The partition directory.
  /// - Throws: `SystemError` or `InputError` when the files are not what the manifest records.
  public func names(ofType type: String, in directory: String) throws -> NodeNames? {
    let place = PartFiles.names(ofType: type)
    guard files.contains(where: { $0.path == "\(place).npy" }), let index = schema.nodeTypes.firstIndex(of: type) else { return nil }
    for record in files where record.path == "\(place).npy" || record.path == "\(place).indptr.npy" {
      try record.check(in: directory, content: true)
    }
    let count = parts.reduce(0) { $0 + $1.innerNodes[index] }
    let path = "\(directory)/\(place).indptr.npy"
    return try NodeNames(
      checking: NPYArray(mapping: path).elements(as: Int64.self, shape: [count + 1]),
      bytes: NPYArray(mapping: "\(directory)/\(place).npy").elements(as: UInt8.self, shape: [nil]), place: path)
  }
}
