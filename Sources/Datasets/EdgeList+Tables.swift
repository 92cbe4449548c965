import Graphs
import Tensors

extension EdgeList {
  /// The tables of edges that are taken from this list.
  ///
  /// - Parameter numbers: The edge whose rows each new edge has, or `FeatureTable.noRow`; `nil` without tables.
  func tables(_ numbers: Buffer<UInt32>?, threads: Threads) -> [String: FeatureTable] {
    guard let numbers else { return [:] }
    return tables.mapValues { $0.rows(numbers, threads: threads) }
  }

  /// Calls `change` with a list that has the numbers of its edges in the place of tables, then takes the rows of those that are left: rows
  /// are moved once, however many steps change the list.
  func keepingRows(threads: Threads, _ change: (EdgeList) -> EdgeList) -> EdgeList {
    if tables.isEmpty { return change(self) }
    let numbers = Buffer<UInt32>(count: count)
    for edge in 0..<count { numbers.pointer[edge] = UInt32(truncatingIfNeeded: edge &+ 1) }
    var list = self
    list.tables = ["number": .dense(DenseRows(numbers: numbers))]
    list = change(list)
    guard case .dense(let rows)? = list.tables["number"] else { preconditionFailure("edges lost their numbers") }
    let kept = rows.copyNumbers()
    // A row of zeros becomes none.
    for edge in 0..<kept.count { kept.pointer[edge] &-= 1 }
    let isUnchanged = kept.count == count && (0..<count).allSatisfy { Int(kept.pointer[$0]) == $0 }
    list.tables = isUnchanged ? tables : tables(kept, threads: threads)
    return list
  }
}

extension DenseRows {
  /// A column of numbers.
  fileprivate init(numbers: Buffer<UInt32>) {
    let bytes = UnsafeRawPointer(numbers.pointer).assumingMemoryBound(to: UInt8.self)
    self.init(
      rows: numbers.count, columns: 1, strideBytes: 4, elementType: .uint32,
      bytes: ArrayView(pointer: bytes, count: numbers.count * 4, owner: numbers))
  }

  fileprivate func copyNumbers() -> Buffer<UInt32> {
    let numbers = Buffer<UInt32>(count: rows)
    UnsafeMutableRawPointer(numbers.pointer).copyMemory(from: bytes.pointer, byteCount: rows * 4)
    return numbers
  }
}
