import Graphs
import KVStore
import Kernels
import Tensors

extension InputRows {
  /// The rows as they lie behind the references; the padding of dense rows must be zero.
  func read() -> [TestTable.Row] {
    references.map { reference in
      switch segments {
      case .dense(let segments):
        let segment = segments[reference.segment]
        precondition(reference.row < segment.rows, "row outside its segment")
        let start = segment.base + reference.row * segment.strideBytes
        let width = segment.elementType.rowBytes(columns: columns)
        let bytes = UnsafeRawBufferPointer(start: start, count: segment.strideBytes)
        precondition(bytes[width...].allSatisfy { $0 == 0 }, "padding that is not zero")
        return TestTable.Row(bytes: Array(bytes.prefix(width)))
      case .sparse(let segments):
        let segment = segments[reference.segment]
        let range = Int(segment.indptr[reference.row])..<Int(segment.indptr[reference.row + 1])
        return TestTable.Row(columns: range.map { segment.indices[$0] }, values: range.map { segment.values[$0].bitPattern })
      }
    }
  }
}

extension RowStore {
  /// Resolves lists given as arrays and reads what comes.
  func read(_ lists: [[GlobalID]], step: UInt32 = 0, arena: RowArena = RowArena(), threads: Int = 1) throws -> [[TestTable.Row]] {
    let copies = lists.map { Buffer(copying: $0) }
    let pointers = copies.map { UnsafeBufferPointer($0.elements) }
    return try withExtendedLifetime(copies) {
      try resolve(pointers, step: step, into: arena, threads: Threads(threads)).map { $0.read() }
    }
  }
}
