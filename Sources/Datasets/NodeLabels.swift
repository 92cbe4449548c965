import Graphs
import Tensors

/// What is to be predicted of the nodes, as a file says it: a class of each, or numbers.
enum NodeLabels {
  /// Class of each node, −1 where unknown; every class is below `count`, and the names are none or `count`.
  case classes(Buffer<Int32>, count: Int, names: [String])
  /// A row of float32 of each node, NaN where unknown.
  case values(DenseRows)

  /// Nodes.
  var nodeCount: Int {
    switch self {
    case .classes(let labels, _, _): labels.count
    case .values(let rows): rows.rows
    }
  }

  /// Class of each node; `nil` where the targets are numbers.
  var labels: Buffer<Int32>? {
    if case .classes(let labels, _, _) = self { labels } else { nil }
  }

  /// Puts classes into the labels, numbers into the table `NodeData.targetTable`.
  func store(in data: inout NodeData) {
    switch self {
    case .classes(let labels, let count, let names):
      data.labels = labels.view
      data.classCount = count
      data.classNames = names
    case .values(let rows): data.tables[NodeData.targetTable] = .dense(rows)
    }
  }

  /// Takes whole numbers as classes.
  ///
  /// - Parameters:
  ///   - values: A number of each node, −1 where unknown.
  ///   - error: The error for a node whose number is no class.
  init(classes values: UnsafeBufferPointer<Int64>, error: (_ node: Int, _ expected: String) -> InputError) throws {
    let labels = Buffer<Int32>(count: values.count)
    var classCount = 0
    // There are no more classes than nodes: what is beyond is not a class, and would size the model's output.
    for (node, value) in values.enumerated() {
      guard value >= -1 && value < min(values.count, Int(Int32.max)) else {
        throw error(node, "a class from 0 to below \(values.count), the number of nodes, or -1")
      }
      labels.pointer[node] = Int32(value)
      classCount = max(classCount, Int(value) + 1)
    }
    self = .classes(labels, count: classCount, names: [])
  }

  /// Takes an array: whole numbers of one dimension, or one column, as classes; everything else as values.
  ///
  /// - Throws: `InputError` when the array has no row for each node, or a number is no class.
  init(_ array: NPYArray) throws {
    guard let rows = array.shape.first, (1...2).contains(array.shape.count), array.shape.count == 1 || array.shape[1] > 0 else {
      throw InputError(array.path, expected: "labels of shape (nodes) or (nodes, columns)", found: "shape \(array.shape)")
    }
    let columns = array.shape.count == 1 ? 1 : array.shape[1]
    switch array.elementType {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64:
      if columns > 1 { break }
      let values = try array.copyIntegers()
      self = try withExtendedLifetime(values) {
        try NodeLabels(classes: UnsafeBufferPointer(values.elements)) { node, expected in
          InputError(array.path, expected: expected, found: "\(values[node]) of node \(node)")
        }
      }
      return
    case .float32, .float64, .float16, .bfloat16, .bool: break
    }
    self = .values(DenseRows(floats: array.copyFloats(), rows: rows, columns: columns))
  }

  /// Takes a column of text: whole numbers as classes, other numbers as values, anything else as names of classes.
  ///
  /// Classes by name are numbered in the order of their names' UTF-8 bytes; an empty text is unknown.
  ///
  /// - Parameters:
  ///   - column: A text of each node.
  ///   - error: The error for a node whose number is no class.
  init(_ column: [String], error: (_ node: Int, _ expected: String) -> InputError) throws {
    let whole = column.map { $0.isEmpty ? -1 : Int64($0) }
    if !whole.contains(nil) {
      self = try whole.map { $0! }.withUnsafeBufferPointer { try NodeLabels(classes: $0, error: error) }
      return
    }
    let numbers = column.map { $0.isEmpty ? Float.nan : Float($0) }
    if !numbers.contains(where: { $0 == nil || $0!.isInfinite }) {
      self = .values(DenseRows(floats: Buffer(copying: numbers.map { $0! }), rows: column.count, columns: 1))
      return
    }
    let names = Set(column.filter { !$0.isEmpty }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let number = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    self = .classes(Buffer(copying: column.map { number[$0] ?? -1 }), count: names.count, names: names)
  }
}
