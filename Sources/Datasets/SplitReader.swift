import Graphs
import Tensors

/// Reads the three sets of a split, `split/<name>/{train,valid,test}.csv.gz`: one node id on each line, in any order.
struct SplitReader {
  let folder: RawFolder
  let nodeCount: Int
  let labels: Buffer<Int32>?
  let context: IngestContext

  /// Reads the split `name`.
  ///
  /// - Throws: `InputError` with file and line when an id is not that of a node, comes twice, is in two sets or has no label,
  ///   or there is nothing to train on.
  func read(_ name: String) throws -> Split {
    let names = ["train", "valid", "test"]
    let paths = try names.map { try folder.require($0, in: "split/\(name)") }
    let sets = SplitSets(nodeCount: nodeCount)
    for (set, path) in paths.enumerated() {
      let values = try IntegerLines.read(path, meaning: "a node id", context: context)
      for (index, value) in values.elements.enumerated() {
        func fail(_ expected: String, _ found: String) -> InputError { InputError(path, line: index + 1, expected: expected, found: found) }
        guard value >= 0 && value < nodeCount else { throw fail("a node id from 0 to \(nodeCount - 1)", "\(value)") }
        let node = Int(value)
        if let labels, labels[node] < 0 { throw fail("a node with a label", "node \(node) without one") }
        switch sets.set(of: node) {
        case nil: sets.put(node, in: set)
        case set: throw fail("each node once", "node \(node) again")
        case let other?: throw fail("each node in one set only", "node \(node), which is in \(paths[other]) as well")
        }
      }
      if set == 0 && values.count == 0 { throw InputError(path, expected: "at least one training node", found: "none") }
    }
    return sets.split(named: name)
  }
}
