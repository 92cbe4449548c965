import CKernels
import Tensors

/// What a plan knows of the rows that it met: those of announced steps, those that are kept, and of others how often they were needed,
/// as long as there is room.
struct KnownRows {
  struct Row: BitwiseCopyable {
    var id: UInt32
    /// Number of the last step that needs it, and 1.
    var neededUntil: UInt32
    /// Where it is slotted: of an announced row the position of its last use, of other kept ones the position in their list,
    /// of free numbers the next one.
    var place: UInt32
    /// The slot that holds it, or one of the two below.
    var slot: Int32
    /// The last decided step that reads the slot.
    var readUntil: UInt32
    /// How much it is needed: see `Commonness`.
    var weight: Float

    static let notKept: Int32 = -1
    /// Kept, but there was no free slot.
    static let keptWithoutSlot: Int32 = -2
    /// No row: the number is free.
    static let free: Int32 = -3

    var isKept: Bool { slot != Self.notKept }
  }

  private var rows = Buffer<Row>(count: 1 << 10)
  private var hash = RowHash(capacity: 1 << 10)
  private var free: UInt32
  /// Idle rows of each class, while rows are forgotten.
  private let counts = Buffer<Int>(count: Commonness.classes)
  private static let none = UInt32.max

  init() {
    free = Self.none
    chainFree(0..<rows.count)
  }

  var bytes: Int { rows.count * MemoryLayout<Row>.stride + hash.bytes + 8 * counts.count }
  var pointer: UnsafeMutablePointer<Row> { rows.pointer }

  /// The number of `id`, −1 for a row that is not known.
  @inline(__always)
  func find(_ id: Int64) -> Int {
    let rows = rows.pointer
    return hash.find(id) { Int64(rows[$0].id) == id }
  }

  /// Asks for the memory where the search for a row begins.
  @inline(__always)
  func ask(for id: Int64) { hash.ask(for: id) }

  /// The number of a row that is `id` unless two hashes are the same, −1 for a row that is not known; asks for the row's memory.
  @inline(__always)
  func askForRow(_ id: Int64) -> Int {
    let number = hash.likelyNumber(of: id)
    if number >= 0 { halo_ask_for_line(rows.pointer + number) }
    return number
  }

  /// Makes a row known. When there is no room left, rows that are neither kept nor announced are forgotten, the rarest first; where these
  /// are less than a third, the room grows.
  ///
  /// - Parameter firstStep: The oldest announced step.
  @inline(__always)
  mutating func insert(_ id: Int64, weight: Float, firstStep: Int) -> Int {
    if free == Self.none { makeRoom(firstStep: firstStep) }
    let number = Int(free)
    free = rows.pointer[number].place
    rows.pointer[number] = Row(id: UInt32(id), neededUntil: 0, place: 0, slot: Row.notKept, readUntil: 0, weight: weight)
    hash.insert(id, number: number)
    return number
  }

  private mutating func makeRoom(firstStep: Int) {
    var idle = 0
    for number in 0..<rows.count where isIdle(rows.pointer[number], firstStep) { idle += 1 }
    if 3 * idle < rows.count { grow() } else { forgetHalf(of: idle, firstStep: firstStep) }
    hash.reset(capacity: rows.count)
    for number in 0..<rows.count where rows.pointer[number].slot != Row.free {
      hash.insert(Int64(rows.pointer[number].id), number: number)
    }
  }

  private func isIdle(_ row: Row, _ firstStep: Int) -> Bool { !row.isKept && Int(row.neededUntil) <= firstStep }

  private mutating func grow() {
    let old = rows
    rows = Buffer(count: old.count + old.count / 2)
    rows.pointer.update(from: old.pointer, count: old.count)
    chainFree(old.count..<rows.count)
  }

  /// Forgets the rarest classes of idle rows, so many that half of all idle ones go.
  private mutating func forgetHalf(of idle: Int, firstStep: Int) {
    counts.pointer.update(repeating: 0, count: counts.count)
    for number in 0..<rows.count where isIdle(rows.pointer[number], firstStep) {
      counts.pointer[Commonness.ofWeight(rows.pointer[number].weight)] += 1
    }
    var (forgotten, limit) = (0, 0)
    while 2 * forgotten < idle {
      forgotten += counts.pointer[limit]
      limit += 1
    }
    for number in 0..<rows.count where isIdle(rows.pointer[number], firstStep) {
      if Commonness.ofWeight(rows.pointer[number].weight) < limit { chainFree(number..<number + 1) }
    }
  }

  private mutating func chainFree(_ numbers: Range<Int>) {
    for number in numbers.reversed() {
      rows.pointer[number].slot = Row.free
      rows.pointer[number].place = free
      free = UInt32(number)
    }
  }
}

/// Classes of weights, sixteen to an octave: a weight is the probability that a step needs a row, or the number of steps that did.
enum Commonness {
  static let classes = 1024
  /// The class of the weight 1.
  private static let ofOne = 640

  /// From 0 for the rarest; those of 2⁻⁴⁰ and less share the lowest, those of 2²⁴ and more the highest.
  @inline(__always)
  static func ofWeight(_ weight: Float) -> Int {
    // Exponent and the first four bits of the mantissa of a positive float.
    let steps = Int(weight.bitPattern >> 19) &- 127 &* 16
    return max(0, min(classes &- 1, ofOne &+ steps))
  }
}
