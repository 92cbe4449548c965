import Graphs
import Tensors

extension Manifest {
  /// The part of every node by flat number (`NodeNumbering`), from the parts' lists of original ids in `directory`.
  ///
  /// - Throws: `SystemError` or `InputError` when a list is missing, not the one that was recorded, or does not number the nodes.
  package func assignment(in directory: String) throws -> [UInt16] {
    let types = schema.nodeTypes.indices
    let numbering = NodeNumbering(counts: types.map { type in parts.reduce(0) { $0 + $1.innerNodes[type] } })
    var assignment = [UInt16](repeating: 0, count: numbering.count)
    var seen = [Bool](repeating: false, count: numbering.count)
    for part in 0..<partCount {
      try checkPresence(of: part, in: directory)
      let files = PartFiles(directory: directory, part: part)
      let name = "\(PartFiles.folder(part))/original.npy"
      guard let record = self.files.first(where: { $0.path == name }) else {
        throw InputError("\(directory)/\(Self.fileName)", expected: "a record of \(name)", found: "none")
      }
      try record.check(in: directory, content: true)
      let original = try files.array("original", of: Int64.self, [parts[part].innerNodes.reduce(0, +)])
      var row = 0
      for type in types {
        let range = numbering.range(of: type)
        for _ in 0..<parts[part].innerNodes[type] {
          let id = original[row]
          guard id >= 0, id < range.count, !seen[range.lowerBound + Int(id)] else {
            throw InputError(
              "\(directory)/\(name), row \(row)", expected: "a node below \(range.count) that no other part has", found: "\(id)")
          }
          seen[range.lowerBound + Int(id)] = true
          assignment[range.lowerBound + Int(id)] = UInt16(part)
          row += 1
        }
      }
    }
    return assignment
  }

  /// Parts whose folders are not in `directory`, increasing: `halo partition --only` leaves them out.
  public func absentParts(in directory: String) -> [Int] {
    (0..<partCount).filter { !PartFiles(directory: directory, part: $0).isPresent }
  }

  /// Checks that the folder of `part` is in `directory`.
  ///
  /// - Throws: `InputError` naming every part that is not.
  func checkPresence(of part: Int, in directory: String) throws {
    let files = PartFiles(directory: directory, part: part)
    guard !files.isPresent else { return }
    throw InputError(
      "\(directory)/\(PartFiles.folder(part))", expected: "the files of part \(part)",
      found: "none; \(PartFiles.absence(of: absentParts(in: directory), partCount: partCount))")
  }
}
