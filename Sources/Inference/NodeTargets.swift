public import Graphs
public import Kernels
public import Partitions
public import Tensors

/// What is to be predicted of one part's nodes of a type, as the part stores it.
public struct NodeTargets: Sendable {
  public enum Values: Sendable {
    /// Class of each inner node of the type, −1 where unknown.
    case labels(ArrayView<Int32>)
    /// Float32 row of each inner node of the type, NaN where unknown.
    case rows(DenseRows)
  }

  private let values: Values
  /// Part-local id of the type's first inner node.
  private let firstOfType: Int

  /// - Precondition: One label or row per inner node of the type; rows are float32.
  public init(_ values: Values, part: LocalPartition, nodeType: Int) {
    let range = part.book.innerRange(of: part.part, type: nodeType)
    switch values {
    case .labels(let labels): precondition(labels.count == range.count, "\(labels.count) labels for \(range.count) nodes")
    case .rows(let rows): precondition(rows.rows == range.count && rows.elementType == .float32, "targets are a float32 row a node")
    }
    self.values = values
    firstOfType = Int(range.lowerBound - part.firstGlobalID)
  }

  /// Copies what is known of `nodes`, in their order, into `rows`.
  public func copy(_ nodes: UnsafeBufferPointer<PartLocalID>, into rows: TargetRows) {
    switch values {
    case .labels(let labels):
      rows.begin(nodes.count, columns: 0)
      for (row, node) in nodes.enumerated() { rows.labels.pointer[row] = labels[Int(node.rawValue) - firstOfType] }
    case .rows(let table):
      rows.begin(nodes.count, columns: table.columns)
      for (row, node) in nodes.enumerated() {
        let index = Int(node.rawValue) - firstOfType
        precondition(index >= 0 && index < table.rows, "node \(node.rawValue) is not of the predicted type")
        let source = UnsafeRawPointer(table.bytes.pointer + index * table.strideBytes).assumingMemoryBound(to: Float.self)
        (rows.values.pointer + row * table.columns).update(from: source, count: table.columns)
      }
    }
  }
}

/// Targets of a list of nodes; used again for list after list, by one user at a time.
public final class TargetRows {
  fileprivate let labels = GrowingBuffer<Int32>()
  fileprivate let values = GrowingBuffer<Float>()
  /// Numbers of a row; 0: the targets are labels.
  private var columns = 0
  /// Nodes of the list.
  public private(set) var count = 0

  public init() {}

  fileprivate func begin(_ count: Int, columns: Int) {
    self.count = count
    self.columns = columns
    if columns == 0 { labels.resize(to: count) } else { values.resize(to: count * columns) }
  }

  /// The targets; valid until the next list, while this object lives.
  public var targets: Targets {
    columns == 0 ? .labels(labels.pointer) : .values(MatrixView(base: values.pointer, rows: count, columns: columns, stride: columns))
  }
}
