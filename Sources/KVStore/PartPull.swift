import Tensors

/// The rows to be pulled from one part, in the order of its requests.
final class PartPull {
  let part: Int
  /// Rank of the part's owner.
  let worker: Int
  /// Part-local ids.
  let ids = GrowingBuffer<UInt32>()
  /// Where the row of each id is written; of sparse tables, where its length is, in the arena's `indptr`.
  let targets = GrowingBuffer<UnsafeMutableRawPointer>()

  /// Bytes that the list holds on to.
  var capacityBytes: Int { 4 * ids.capacity + 8 * targets.capacity }
  /// Bytes that the list takes for each row.
  static let bytesOfRow = 12

  /// Where the next row is noted: pointers alone, so that a loop over rows touches no object.
  struct Cursor: BitwiseCopyable {
    private var ids: UnsafeMutablePointer<UInt32>
    private var targets: UnsafeMutablePointer<UnsafeMutableRawPointer>

    fileprivate init(ids: UnsafeMutablePointer<UInt32>, targets: UnsafeMutablePointer<UnsafeMutableRawPointer>) {
      (self.ids, self.targets) = (ids, targets)
    }

    @inline(__always)
    mutating func note(_ id: UInt32, to target: UnsafeMutableRawPointer) {
      ids.pointee = id
      targets.pointee = target
      ids += 1
      targets += 1
    }
  }

  init(part: Int, worker: Int) {
    self.part = part
    self.worker = worker
  }

  func removeAll() {
    ids.removeAll()
    targets.removeAll()
  }

  /// Makes room for `count` more rows, all of which are to be noted at the cursor before the next call.
  func append(_ count: Int) -> Cursor {
    let first = ids.count
    ids.resize(to: first + count)
    targets.resize(to: first + count)
    return Cursor(ids: ids.pointer + first, targets: targets.pointer + first)
  }
}
