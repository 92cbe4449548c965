import Tensors

/// Keeps the same rows from the first step that needs them to the end.
struct FixedChoice {
  private static let none = UInt32.max

  /// Ids of the rows, a slot for each.
  private let ids: ArrayView<Int64>
  private let hash: RowHash
  private let isFilled: Buffer<Bool>
  private var window = UseWindow()
  private(set) var keptRows = 0

  init(_ ids: ArrayView<Int64>) {
    self.ids = ids
    hash = RowHash(capacity: ids.count)
    isFilled = Buffer(count: ids.count)
    for (slot, id) in ids.enumerated() { hash.insert(id, number: slot) }
  }

  var bytes: Int { 9 * ids.count + hash.bytes + window.bytes }

  /// The row's slot, −1 where it has none.
  @inline(__always)
  private func slot(of id: Int64) -> Int {
    let ids = ids.pointer
    return hash.find(id) { ids[$0] == id }
  }

  func keeps(_ id: Int64) -> Bool {
    let slot = slot(of: id)
    return slot >= 0 && isFilled.pointer[slot]
  }

  mutating func announce(_ rows: UnsafeBufferPointer<Int64>) {
    let positions = window.add(count: rows.count)
    let (uses, mask) = (window.pointer, window.mask)
    for (index, id) in rows.enumerated() {
      let slot = slot(of: id)
      uses[(positions.lowerBound &+ index) & mask] = UseWindow.Use(row: UInt32(truncatingIfNeeded: slot), weightClass: 0)
    }
  }

  mutating func decide(into places: UnsafeMutablePointer<CachePlace>) {
    let (uses, mask, isFilled) = (window.pointer, window.mask, isFilled.pointer)
    for (index, position) in window.oldest.enumerated() {
      let slot = uses[position & mask].row
      if slot == Self.none {
        places[index] = .pass
      } else {
        places[index] = isFilled[Int(slot)] ? .hit(Int(slot)) : .fill(Int(slot))
        if !isFilled[Int(slot)] { keptRows += 1 }
        isFilled[Int(slot)] = true
      }
    }
    window.removeOldest()
  }

  /// Uses of the oldest step.
  var oldestCount: Int { window.oldest.count }
}
