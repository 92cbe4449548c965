import Glibc
import Kernels
import Tensors

/// Memory of one batch's input rows: the references of every list, and the rows that were pulled for them.
///
/// Used again for batch after batch, so that nothing allocates after warm-up; what a batch's `InputRows` point to is valid
/// until the arena's next use. A pipeline has one arena per batch under way.
public final class RowArena {
  private(set) var references: [GrowingBuffer<RowReference>] = []
  let denseRows = GrowingBuffer<UInt8>()
  let indptr = GrowingBuffer<Int64>()
  let indices = GrowingBuffer<UInt32>()
  let values = GrowingBuffer<Float>()

  public init() {}

  /// Bytes that the arena holds on to.
  public var capacityBytes: Int {
    references.reduce(0) { $0 + $1.capacity * MemoryLayout<RowReference>.stride } + denseRows.capacity + indptr.capacity * 8
      + indices.capacity * 4 + values.capacity * 4
  }

  /// Makes room for the references of lists of these lengths.
  func prepare(_ counts: some Sequence<Int>) {
    for (list, count) in counts.enumerated() {
      if list == references.count { references.append(GrowingBuffer()) }
      references[list].resize(to: count)
    }
  }

  /// Where a dense row begins.
  func denseRow(_ row: Int, strideBytes: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(denseRows.pointer) + row &* strideBytes
  }

  /// The pulled rows as a segment.
  func segment(rows: Int, strideBytes: Int, elementType: ElementType) -> RowSegment {
    RowSegment(base: denseRows.pointer, rows: rows, strideBytes: strideBytes, elementType: elementType, owner: denseRows)
  }

  /// The pulled sparse rows as a segment.
  func sparseSegment(columns: Int) -> SparseSegment {
    SparseSegment(
      indptr: ArrayView(pointer: indptr.pointer, count: indptr.count, owner: indptr),
      indices: ArrayView(pointer: indices.pointer, count: indices.count, owner: indices),
      values: ArrayView(pointer: values.pointer, count: values.count, owner: values), columns: columns)
  }
}
