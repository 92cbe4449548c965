import Configuration
import Partitions

extension Manifest {
  /// Position of the split `name`, of the first one where `name` is empty; `nil` without splits.
  ///
  /// - Throws: `ConfigurationError` for a split that the partition does not have.
  func split(named name: String) throws -> Int? {
    if name.isEmpty { return splits.indices.first }
    guard let index = splits.firstIndex(of: name) else {
      let known = splits.isEmpty ? "no split, for the partition has none" : "a split of the partition (\(splits.joined(separator: ", ")))"
      throw ConfigurationError("--split", expected: known, found: "'\(name)'")
    }
    return index
  }
}
