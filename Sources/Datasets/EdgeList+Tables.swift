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

  /// Takes the tables out and puts the numbers of the edges in their place: rows are moved once, however many steps change the list.
  mutating func takeTables() -> [String: FeatureTable] {
    let taken = tables
    if taken.isEmpty { return [:] }
    let numbers = Buffer<UInt32>(count: count)
    // A row of zeros is to stand for none.
    for edge in 0..<count { numbers.pointer[edge] = UInt32(truncatingIfNeeded: edge &+ 1) }
    tables = [Self.numbers: .dense(DenseRows(numbers: numbers))]
    return taken
  }

  /// Gives the edges the rows of the tables that were taken out before the list was changed.
  mutating func restore(_ taken: [String: FeatureTable], threads: Threads) {
    guard case .dense(let rows)? = tables[Self.numbers] else { preconditionFailure("edges lost their numbers") }
    let numbers = rows.copyNumbers()
    for edge in 0..<numbers.count { numbers.pointer[edge] &-= 1 }
    let isUnchanged = taken.values.allSatisfy { $0.rows == count } && (0..<count).allSatisfy { Int(numbers.pointer[$0]) == $0 }
    tables = isUnchanged ? taken : taken.mapValues { $0.rows(numbers, threads: threads) }
  }

  private static let numbers = "number"
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
