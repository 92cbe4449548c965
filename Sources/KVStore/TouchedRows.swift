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
  /// A gradient's row, push and place in the push, from the highest bits to the lowest.
  private let keys = GrowingBuffer<UInt64>()
  private let sorter = KeySort()
  private var isMerged = false

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
    let filled = pushes.indices.filter { pushes[$0].ids.count > 0 }.map { (part: $0, push: pushes[$0]) }
    isMerged = filled.count > 1
    if isMerged {
      merge(filled, columns: columns, lookup: lookup)
    } else {
      take(filled.first, columns: columns, lookup: lookup, threads: threads)
    }
  }

  /// Rows that one part alone has touched, each once: as they come.
  private func take(_ only: (part: Int, push: GradientInbox.PartGradients)?, columns: Int, lookup: OwnerLookup, threads: Threads) {
    let count = only?.push.ids.count ?? 0
    places.resize(to: count)
    begins.resize(to: count + 1)
    begins.pointer[count] = UInt32(count)
    guard let (part, push) = only else { return }
    nonisolated(unsafe) let (ids, values) = (push.ids.pointer, push.values.pointer)
    nonisolated(unsafe) let (begins, places, vectors, parts) = (begins.pointer, places.pointer, vectors.pointer, parts.pointer)
    // Safe: each chunk writes its own rows.
    threads.forEachChunk(of: count, by: 1 << 14) { chunk in
      for index in chunk {
        begins[index] = UInt32(truncatingIfNeeded: index)
        places[index] = Self.place(of: ids[index], lookup)
        vectors[index] = UnsafePointer(values + index &* columns)
        parts[index] = UInt32(truncatingIfNeeded: part)
      }
    }
  }

  /// Rows in the order of their ids; the gradients of each by part.
  private func merge(_ pushes: [(part: Int, push: GradientInbox.PartGradients)], columns: Int, lookup: OwnerLookup) {
    let first = pushes.map { $0.push.ids.readOnly.min()! }.min()!  // None is empty.
    let last = pushes.map { $0.push.ids.readOnly.max()! }.max()!
    func bits(_ count: Int) -> Int { Int.bitWidth - count.leadingZeroBitCount }
    let placeBits = bits(pushes.reduce(0) { max($0, $1.push.ids.count) })
    let rowShift = placeBits + bits(pushes.count)
    let end = rowShift + bits(Int(last - first))
    precondition(end <= 64, "\(vectors.count) gradients of ids \(first)...\(last) in one step")
    keys.reset(to: vectors.count)
    var index = 0
    for (ordinal, (_, push)) in pushes.enumerated() {
      let (ids, high) = (push.ids.pointer, UInt64(ordinal) << UInt64(placeBits))
      for place in 0..<push.ids.count {
        keys.pointer[index] = UInt64(ids[place] &- first) &<< UInt64(rowShift) | high | UInt64(place)
        index &+= 1
      }
    }
    sorter.sort(keys, by: rowShift..<end)
    let bases = Buffer(copying: pushes.map { Push(part: UInt32($0.part), values: UnsafePointer($0.push.values.pointer)) })
    group(bases, first: first, rowShift: UInt64(rowShift), placeBits: UInt64(placeBits), columns: columns, lookup: lookup)
  }

  /// What one part has pushed.
  private struct Push: BitwiseCopyable {
    var part: UInt32
    var values: UnsafePointer<Float>
  }

  /// Takes the rows of sorted keys one by one.
  private func group(
    _ pushes: Buffer<Push>, first: Int64, rowShift: UInt64, placeBits: UInt64, columns: Int, lookup: OwnerLookup
  ) {
    let total = keys.count
    places.resize(to: total)
    begins.resize(to: total + 1)
    let (placeMask, ordinalMask) = (~(UInt64.max &<< placeBits), ~(UInt64.max &<< (rowShift &- placeBits)))
    let (keys, pushes) = (keys.pointer, pushes.pointer)
    let (begins, places, vectors, parts) = (begins.pointer, places.pointer, vectors.pointer, parts.pointer)
    var (rows, previous) = (0, UInt64.max)
    for index in 0..<total {
      let key = keys[index]
      let row = key &>> rowShift
      if row != previous {
        begins[rows] = UInt32(truncatingIfNeeded: index)
        places[rows] = Self.place(of: first &+ Int64(truncatingIfNeeded: row), lookup)
        rows &+= 1
        previous = row
      }
      let push = pushes[Int(truncatingIfNeeded: key &>> placeBits & ordinalMask)]
      vectors[index] = push.values + Int(truncatingIfNeeded: key & placeMask) &* columns
      parts[index] = push.part
    }
    begins[rows] = UInt32(truncatingIfNeeded: total)
    self.places.resize(to: rows)
    self.begins.resize(to: rows + 1)
  }

  @inline(__always)
  private static func place(of id: Int64, _ lookup: OwnerLookup) -> RowReference {
    let place = lookup.places.pointer[lookup.part(of: id)]
    return RowReference(segment: Int(place.segment), row: Int(id &- place.first))
  }

  /// The rows for those who move them; valid until the next `fill`.
  var view: View {
    View(places: places.pointer, begins: begins.pointer, vectors: vectors.pointer, parts: parts.pointer, gradientsLieApart: isMerged)
  }

  /// Pointers alone: nothing is counted while rows are moved.
  struct View: @unchecked Sendable {
    // Sendable: only read.
    let places: UnsafePointer<RowReference>
    fileprivate let begins: UnsafePointer<UInt32>
    fileprivate let vectors: UnsafePointer<UnsafePointer<Float>>
    fileprivate let parts: UnsafePointer<UInt32>
    /// Whether the processor cannot guess where the next row's gradients are.
    let gradientsLieApart: Bool

    fileprivate init(
      places: UnsafeMutablePointer<RowReference>, begins: UnsafeMutablePointer<UInt32>,
      vectors: UnsafeMutablePointer<UnsafePointer<Float>>, parts: UnsafeMutablePointer<UInt32>, gradientsLieApart: Bool
    ) {
      (self.places, self.begins) = (UnsafePointer(places), UnsafePointer(begins))
      (self.vectors, self.parts) = (UnsafePointer(vectors), UnsafePointer(parts))
      self.gradientsLieApart = gradientsLieApart
    }

    /// Row `row`'s gradients, by part.
    @inline(__always)
    func gradients(of row: Int) -> UnsafeBufferPointer<UnsafePointer<Float>> {
      let begin = Int(begins[row])
      return UnsafeBufferPointer(start: vectors + begin, count: Int(begins[row &+ 1]) &- begin)
    }

    /// The sum of row `row`'s gradients, and how many there are.
    @inline(__always)
    func gradient(of row: Int, _ sum: RowTreeSum) -> (UnsafePointer<Float>, parts: Int) {
      let gradients = gradients(of: row)
      return (sum.sum(gradients, parts: parts + Int(begins[row])), gradients.count)
    }
  }
}
