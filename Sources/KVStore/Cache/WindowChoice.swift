import CKernels
import Tensors

/// Keeps what announced steps need soonest, behind that what is needed most (`CachePolicy.window`).
///
/// Candidates in a step are the rows kept so far and those of the step. They have ranks: first the distance to their next announced use,
/// 32 classes of weight for each, then the weight alone for those with none. The lowest ranks are kept, of equal ones those that need
/// no pulling. With all steps announced this is Belady's choice with bypass: whatever else fits is kept besides.
struct WindowChoice {
  let capacity: Int
  /// Probability of every row; without, rows weigh the steps that needed them so far.
  private let scores: ScoreTable?
  var slots: CacheSlots
  var rows = KnownRows()
  var window = UseWindow()
  /// Kept rows: of no announced use by class of their weight, then of each announced step by class.
  var lists = RowLists(count: Commonness.classes + 16 * Self.stepClasses)
  /// Steps that have lists, a power of two.
  private var listedSteps = 16
  /// Of the step being announced: each row's number.
  private let numbers = GrowingBuffer<UInt32>()
  /// Of the step being decided: each row's rank.
  let ranks = GrowingBuffer<UInt32>()
  /// Rows of the step by rank.
  let counts = GrowingBuffer<UInt32>()

  var keptRows = 0
  /// Rows that lost their slot so far.
  var givenUpRows = 0

  /// Classes of weight for each announced step.
  static let stepClasses = 32
  /// Rows that are looked up together.
  private static let chunk = 128
  /// Uses ahead whose rows are asked for.
  static let ahead = 24

  init(capacity: Int, spare: Int, scores: RowScores?) {
    self.capacity = capacity
    self.scores = scores.map(ScoreTable.init)
    slots = CacheSlots(count: capacity + spare)
  }

  var bytes: Int {
    slots.bytes + rows.bytes + window.bytes + lists.bytes + 4 * (numbers.capacity + ranks.capacity + counts.capacity)
      + (scores?.bytes ?? 0)
  }

  /// Rows of the oldest step.
  var oldestCount: Int { window.oldest.count }

  func keeps(_ id: Int64) -> Bool {
    let number = rows.find(id)
    return number >= 0 && rows.pointer[number].isKept
  }

  mutating func finished(before step: Int) { slots.finished(before: step) }

  /// Links the uses of a new step to those before them, and gives kept rows that had no announced use their next.
  mutating func announce(_ ids: UnsafeBufferPointer<Int64>) {
    precondition(window.end < Int(UInt32.max) - 1, "too many steps")
    let positions = window.add(count: ids.count)
    if announcedSteps > listedSteps { growLists() }
    numbers.reset(to: ids.count)
    let numbers = numbers.pointer
    for start in stride(from: 0, to: ids.count, by: Self.chunk) {
      // Memory is asked for many rows at a time: hashes, then rows, then their last uses.
      let chunk = start..<min(ids.count, start + Self.chunk)
      for index in chunk { rows.ask(for: ids[index]) }
      for index in chunk { numbers[index] = look(for: ids[index]) }
      for index in chunk { numbers[index] = askForUse(of: ids[index], likely: numbers[index]) }
      for index in chunk where numbers[index] != .max { note(numbers[index], at: positions.lowerBound &+ index) }
      // Last: a new row may push out one that nothing needs.
      for index in chunk where numbers[index] == .max { note(insert(ids[index]), at: positions.lowerBound &+ index) }
    }
  }

  /// The likely number of a row, `max` where it is not known; asks for what is read next.
  @inline(__always)
  private func look(for id: Int64) -> UInt32 {
    let number = rows.askForRow(id)
    if number < 0 { scores?.ask(for: id) }
    return UInt32(truncatingIfNeeded: number)
  }

  /// The number of a row, `max` where it is not known; asks for its last use, or for its score.
  @inline(__always)
  private func askForUse(of id: Int64, likely: UInt32) -> UInt32 {
    guard likely != .max else {
      scores?.askForScore(of: id)
      return likely
    }
    let number = Int64(rows.pointer[Int(likely)].id) == id ? Int(likely) : rows.find(id)
    if number >= 0 { halo_ask_for_line(window.pointer + Int(rows.pointer[number].place) & window.mask) }
    return UInt32(truncatingIfNeeded: number)
  }

  private mutating func insert(_ id: Int64) -> UInt32 {
    precondition(rows.find(id) < 0, "a row is announced twice for a step")
    return UInt32(truncatingIfNeeded: rows.insert(id, weight: scores?.score(of: id) ?? 0, firstStep: window.first))
  }

  /// Notes that the newest step needs a row.
  @inline(__always)
  private mutating func note(_ number: UInt32, at position: Int) {
    let row = rows.pointer + Int(number)
    let (needed, weight, uses) = (Int(row.pointee.neededUntil), row.pointee.weight, window.pointer)
    if scores == nil { row.pointee.weight += 1 }
    if needed > window.first {
      precondition(needed < window.end, "a row is announced twice for a step")
      uses[Int(row.pointee.place) & window.mask].distance = window.end &- needed
    } else if row.pointee.isKept {
      let moved = lists.remove(at: row.pointee.place, from: Commonness.ofWeight(weight))
      rows.pointer[Int(moved)].place = row.pointee.place
      _ = lists.append(number, to: list(ofStep: window.end &- 1, Self.stepClass(Commonness.ofWeight(row.pointee.weight), referenceClass)))
    }
    row.pointee.place = UInt32(truncatingIfNeeded: position)
    row.pointee.neededUntil = UInt32(truncatingIfNeeded: window.end)
    uses[position & window.mask] = UseWindow.Use(row: number, weightClass: Commonness.ofWeight(row.pointee.weight))
  }

  var announcedSteps: Int { window.end - window.first }
  var rankCount: Int { announcedSteps * Self.stepClasses + Commonness.classes }

  /// The class that a row of every step has.
  var referenceClass: Int { Commonness.ofWeight(scores == nil ? Float(window.end) : 1) }

  @inline(__always)
  static func stepClass(_ weightClass: Int, _ reference: Int) -> Int {
    min(stepClasses &- 1, max(0, reference &- weightClass) >> 2)
  }

  @inline(__always)
  func list(ofStep step: Int, _ weightClass: Int) -> Int {
    Commonness.classes &+ (step & (listedSteps &- 1)) &* Self.stepClasses &+ weightClass
  }

  private mutating func growLists() {
    let old = listedSteps
    listedSteps *= 2
    lists.grow(to: Commonness.classes + listedSteps * Self.stepClasses)
    // All steps but the newest have lists already.
    for step in window.first..<window.first + old where step & (listedSteps - 1) >= old {
      for weightClass in 0..<Self.stepClasses {
        lists.move(
          Commonness.classes + (step & (old - 1)) * Self.stepClasses + weightClass, to: list(ofStep: step, weightClass))
      }
    }
  }
}
