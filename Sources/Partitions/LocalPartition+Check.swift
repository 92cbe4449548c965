import Graphs
import Tensors

extension LocalPartition {
  /// Checks everything in the part that is used as an index.
  func checkRanges(directory: String, manifest: Manifest) throws {
    let files = PartFiles(directory: directory, part: part)
    try Self.checkOffsets(indptr, total: indices.count, file: files.path("indptr"))
    let locals = innerCount + haloCount
    try Self.check(indices, file: files.path("indices"), expected: "local nodes below \(locals)") { Int($0) < locals }
    let relationCount = manifest.schema.relations.count
    try Self.check(relations ?? ArrayView(), file: files.path("relations"), expected: "relations below \(relationCount)") {
      Int($0) < relationCount
    }
    let inner = book.innerRange(of: part)
    let nodeCount = book.nodeCount
    try Self.check(halo, file: files.path("halo"), expected: "nodes of other parts below \(nodeCount)") {
      $0 >= 0 && $0 < nodeCount && !inner.contains($0)
    }
    try Self.checkIncreasing(halo, file: files.path("halo"))
    for (type, name) in manifest.schema.nodeTypes.enumerated() {
      try check(
        nodes[type], type: type, classes: manifest.classCounts[type], splits: manifest.splits, files: files, folder: "nodes/\(name)")
    }
    try checkEdgeRows(files, manifest: manifest)
    try checkReplicas(files, schema: manifest.schema)
    if let expectedRows {
      try Self.check(expectedRows.nodes, file: files.path(PartFiles.expectedRows), expected: "nodes of other parts below \(nodeCount)") {
        $0 >= 0 && $0 < nodeCount && !inner.contains($0)
      }
      try Self.check(expectedRows.probabilities, file: files.path(PartFiles.expectedProbabilities), expected: "probabilities above 0") {
        $0 > 0 && $0 <= 1
      }
    }
  }

  private func check(
    _ shard: NodeShard, type: Int, classes: Int, splits: [String], files: PartFiles, folder: String
  ) throws {
    let range = book.innerRange(of: part, type: type)
    let locals = UInt32(range.lowerBound - firstGlobalID)..<UInt32(range.upperBound - firstGlobalID)
    let expected = "inner nodes in \(locals)"
    for (index, split) in shard.splits.enumerated() {
      let sets = "\(folder)/\(Split.folder(splits[index], index: index))"
      try Self.check(split.trainIDs, file: files.path("\(sets)train"), expected: expected) { locals.contains($0) }
      try Self.check(split.validation, file: files.path("\(sets)validation"), expected: expected) { locals.contains($0) }
      try Self.check(split.test, file: files.path("\(sets)test"), expected: expected) { locals.contains($0) }
    }
    try Self.check(shard.labels ?? ArrayView(), file: files.path("\(folder)/labels"), expected: "classes below \(classes), or -1") {
      $0 >= -1 && Int($0) < classes
    }
    for (name, table) in shard.tables { try Self.checkColumns(of: table, named: "\(folder)/\(name)", files: files) }
  }

  static func checkOffsets(_ offsets: ArrayView<Int64>, total: Int, file: String) throws {
    let (first, last) = (offsets[0], offsets[offsets.count - 1])
    guard first == 0, last == Int64(total) else {
      throw InputError(file, expected: "offsets from 0 to \(total)", found: "\(first) to \(last)")
    }
    for row in 1..<offsets.count where offsets[row] < offsets[row - 1] {
      throw InputError("\(file), row \(row)", expected: "offsets that do not decrease", found: "\(offsets[row]) after \(offsets[row - 1])")
    }
  }

  static func checkIncreasing(_ ids: ArrayView<Int64>, file: String) throws {
    for row in ids.indices.dropFirst() where ids[row] <= ids[row - 1] {
      throw InputError("\(file), row \(row)", expected: "increasing ids", found: "\(ids[row]) after \(ids[row - 1])")
    }
  }

  static func check<Element>(
    _ elements: some Collection<Element>, file: String, expected: String, _ holds: (Element) -> Bool
  ) throws {
    for (row, element) in elements.enumerated() where !holds(element) {
      throw InputError("\(file), row \(row)", expected: expected, found: "\(element)")
    }
  }
}
