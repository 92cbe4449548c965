import Kernels
import Tensors

/// The rows that a step has touched, each with the gradients that parts have for it; used again every step.
final class TouchedRows: @unchecked Sendable {
  // Sendable: filled by one caller, whose threads write disjoint rows, then only read.
  /// Where each row lies: ordinal of the own part, and row.
  private let places = GrowingBuffer<RowReference>()
  /// Gradients of row `i` are `begins[i]..<begins[i + 1]`.
  private let begins = GrowingBuffer<UInt32>()
  private let vectors = GrowingBuffer<UnsafePointer<Float>>()
  /// Part of each gradient, increasing inside a row.
  private let parts = GrowingBuffer<UInt32>()
  private let numbers = GrowingBuffer<UInt32>()
  private let deduplicator = RowDeduplicator()

  var count: Int { places.count }

  /// Gathers the gradients of all parts by row. O(gradients).
  ///
  /// - Parameters:
  ///   - pushes: By part; every id is one of the table's own rows, and none is twice in a part.
  ///   - lookup: Its segments are the own parts' ordinals.
  func fill(_ pushes: [GradientInbox.PartGradients], columns: Int, lookup: OwnerLookup, threads: Threads) {
    let total = pushes.reduce(0) { $0 + $1.ids.count }
    precondition(total < 1 << 32, "\(total) gradients in one step")
    vectors.resize(to: total)
    parts.resize(to: total)
    let filled = pushes.indices.filter { pushes[$0].ids.count > 0 }
    if filled.count > 1 {
      merge(filled.map { (part: $0, push: pushes[$0]) }, total: total, columns: columns, lookup: lookup)
    } else {
      take(filled.first.map { (part: $0, push: pushes[$0]) }, columns: columns, lookup: lookup, threads: threads)
    }
  }

  /// Rows that one part alone has touched, each once: as they come.
  private func take(_ only: (part: Int, push: GradientInbox.PartGradients)?, columns: Int, lookup: OwnerLookup, threads: Threads) {
    let count = only?.push.ids.count ?? 0
    places.resize(to: count)
    begins.resize(to: count + 1)
    begins.pointer[count] = UInt32(count)
    guard let (part, push) = only else { return }
    threads.forEachChunk(of: count, by: 1 << 14) { chunk in
      for index in chunk {
        begins.pointer[index] = UInt32(truncatingIfNeeded: index)
        places.pointer[index] = Self.place(of: push.ids.pointer[index], lookup)
        vectors.pointer[index] = UnsafePointer(push.values.pointer + index &* columns)
        parts.pointer[index] = UInt32(truncatingIfNeeded: part)
      }
    }
  }

  /// Rows numbered in order of first appearance, part after part; the gradients of each by part.
  private func merge(_ pushes: [(part: Int, push: GradientInbox.PartGradients)], total: Int, columns: Int, lookup: OwnerLookup) {
    deduplicator.removeAll()
    deduplicator.reserve(total)
    numbers.resize(to: total)
    begins.resize(to: total + 2)
    begins.pointer.update(repeating: 0, count: total + 2)
    places.resize(to: total)
    var index = 0
    for (_, push) in pushes {
      for id in push.ids.readOnly {
        let (row, isNew) = deduplicator.number(of: id)
        numbers.pointer[index] = row
        if isNew { places.pointer[Int(row)] = Self.place(of: id, lookup) }
        begins.pointer[Int(row) &+ 2] &+= 1
        index &+= 1
      }
    }
    let count = deduplicator.count
    places.resize(to: count)
    // Counts lie two places on: once they are summed, each row's begin moves on from `begins[row + 1]` to where the next one begins.
    for row in 0..<count { begins.pointer[row &+ 2] &+= begins.pointer[row &+ 1] }
    index = 0
    for (part, push) in pushes {
      for position in 0..<push.ids.count {
        let next = begins.pointer + (Int(numbers.pointer[index]) &+ 1)
        vectors.pointer[Int(next.pointee)] = UnsafePointer(push.values.pointer + position &* columns)
        parts.pointer[Int(next.pointee)] = UInt32(truncatingIfNeeded: part)
        next.pointee &+= 1
        index &+= 1
      }
    }
  }

  @inline(__always)
  private static func place(of id: Int64, _ lookup: OwnerLookup) -> RowReference {
    let place = lookup.places.pointer[lookup.part(of: id)]
    return RowReference(segment: Int(place.segment), row: Int(id &- place.first))
  }

  /// The rows for those who move them; valid until the next `fill`.
  var view: View { View(places: places.pointer, begins: begins.pointer, vectors: vectors.pointer, parts: parts.pointer) }

  /// Pointers alone: nothing is counted while rows are moved.
  struct View: @unchecked Sendable {
    // Sendable: only read.
    let places: UnsafePointer<RowReference>
    fileprivate let begins: UnsafePointer<UInt32>
    fileprivate let vectors: UnsafePointer<UnsafePointer<Float>>
    fileprivate let parts: UnsafePointer<UInt32>

    fileprivate init(
      places: UnsafeMutablePointer<RowReference>, begins: UnsafeMutablePointer<UInt32>,
      vectors: UnsafeMutablePointer<UnsafePointer<Float>>, parts: UnsafeMutablePointer<UInt32>
    ) {
      (self.places, self.begins) = (UnsafePointer(places), UnsafePointer(begins))
      (self.vectors, self.parts) = (UnsafePointer(vectors), UnsafePointer(parts))
    }

    /// The sum of row `row`'s gradients, and how many there are.
    @inline(__always)
    func gradient(of row: Int, _ sum: RowTreeSum) -> (UnsafePointer<Float>, parts: Int) {
      let begin = Int(begins[row])
      let count = Int(begins[row &+ 1]) &- begin
      return (sum.sum(UnsafeBufferPointer(start: vectors + begin, count: count), parts: parts + begin), count)
    }
  }
}
