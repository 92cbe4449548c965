import Tensors

/// Reads one class per node from text; −1 marks a node without label.
enum NodeLabelReader {
  /// - Parameter nodeCount: How many labels there must be, and what says so; `nil` where the labels decide.
  /// - Throws: `InputError` with file and line when a label is no whole number, is out of range, or too few or many are there.
  static func read(
    _ path: String, nodeCount: (count: Int, source: String)?, context: IngestContext
  ) throws -> (labels: Buffer<Int32>, classCount: Int) {
    let values = try IntegerLines.read(path, meaning: "a class", context: context)
    if let nodeCount, values.count != nodeCount.count {
      throw InputError(
        path, expected: "\(nodeCount.count) labels, one for each node of \(nodeCount.source)", found: "\(values.count) lines")
    }
    let labels = Buffer<Int32>(count: values.count)
    var classCount = 0
    // There are no more classes than nodes: what is beyond is not a class, and would size the model's output.
    for (node, value) in values.elements.enumerated() {
      guard value >= -1 && value < min(values.count, Int(Int32.max)) else {
        throw InputError(
          path, line: node + 1, expected: "a class from 0 to below \(values.count), the number of nodes, or -1", found: "\(value)")
      }
      labels.pointer[node] = Int32(value)
      classCount = max(classCount, Int(value) + 1)
    }
    return (labels, classCount)
  }
}
