import Kernels
import Tensors

/// Memory of one step's input rows: the references of every list, the rows that were pulled for them, and what is known of those to pull.
///
/// Used again for step after step, so that nothing allocates after warm-up; what a step's `InputRows` point to is valid
/// until the arena's next use. A pipeline has one arena per step under way.
public final class RowArena {
  private(set) var references: [GrowingBuffer<RowReference>] = []
  /// Lists of the step at hand.
  private(set) var listCount = 0
  /// Global id and part of each different remote row, in order of first appearance, which numbers them.
  let remoteIDs = GrowingBuffer<Int64>()
  let remoteParts = GrowingBuffer<UInt32>()
  /// Where each of these rows lies; used where rows are cached.
  let remotePlaces = GrowingBuffer<RowReference>()
  /// Positions of remote rows in each list.
  private(set) var remotePositions: [GrowingBuffer<UInt32>] = []
  /// Rows of all lists; those of them in this process's memory, and replicas among these.
  var (asked, local, replicated) = (0, 0, 0)
  /// Rows that were pulled into the arena itself.
  var pulledRows = 0
  /// Memory of the pulled rows; `nil`: none is needed yet.
  private var memory: RowMemory?

  public init() {}

  /// Bytes that the arena holds on to, without pulled rows.
  package var capacityBytes: Int {
    references.reduce(0) { $0 + $1.capacity * MemoryLayout<RowReference>.stride } + remotePositions.reduce(0) { $0 + $1.capacity * 4 }
      + remoteIDs.capacity * 8 + remoteParts.capacity * 4 + remotePlaces.capacity * 8
  }

  /// Bytes that pulled rows hold on to.
  package var rowBytes: Int { memory?.capacityBytes ?? 0 }

  /// Gives up the memory of the pulled rows; nobody may read them any more.
  package func takeRows() -> RowMemory? {
    defer { memory = nil }
    return memory
  }

  /// Takes memory for the rows to be pulled.
  package func giveRows(_ memory: RowMemory) { self.memory = memory }

  private var rows: RowMemory {
    if let memory { return memory }
    let memory = RowMemory()
    self.memory = memory
    return memory
  }

  var denseRows: GrowingBuffer<UInt8> { rows.dense }
  var indptr: GrowingBuffer<Int64> { rows.indptr }
  var indices: GrowingBuffer<UInt32> { rows.indices }
  var values: GrowingBuffer<Float> { rows.values }

  /// Different remote rows of the step at hand.
  public var remoteCount: Int { remoteIDs.count }

  /// Makes room for the references of lists of these lengths, and forgets the step before.
  func prepare(_ counts: some Sequence<Int>) {
    listCount = 0
    for count in counts {
      if listCount == references.count {
        references.append(GrowingBuffer())
        remotePositions.append(GrowingBuffer())
      }
      references[listCount].reset(to: count)
      remotePositions[listCount].removeAll()
      listCount += 1
    }
    remoteIDs.removeAll()
    remoteParts.removeAll()
    remotePlaces.removeAll()
    (asked, local, replicated, pulledRows) = (0, 0, 0, 0)
  }

  /// Where a dense row begins.
  func denseRow(_ row: Int, strideBytes: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(denseRows.pointer) + row &* strideBytes
  }

  /// The pulled rows as a segment.
  func segment(strideBytes: Int, elementType: ElementType) -> RowSegment {
    RowSegment(base: denseRows.pointer, rows: pulledRows, strideBytes: strideBytes, elementType: elementType, owner: denseRows)
  }

  /// The pulled sparse rows as a segment.
  func sparseSegment(columns: Int) -> SparseSegment {
    SparseSegment(
      indptr: ArrayView(pointer: indptr.pointer, count: indptr.count, owner: indptr),
      indices: ArrayView(pointer: indices.pointer, count: indices.count, owner: indices),
      values: ArrayView(pointer: values.pointer, count: values.count, owner: values), columns: columns)
  }
}

/// Memory of pulled rows: dense ones, or sparse ones in CSR; used again for step after step.
package final class RowMemory {
  let dense = GrowingBuffer<UInt8>()
  let indptr = GrowingBuffer<Int64>()
  let indices = GrowingBuffer<UInt32>()
  let values = GrowingBuffer<Float>()

  /// What it holds on to before the first row.
  static let leastBytes = RowMemory().capacityBytes

  /// Bytes that it holds on to.
  var capacityBytes: Int { dense.capacity + 8 * indptr.capacity + 4 * (indices.capacity + values.capacity) }
}
