import Tensors

/// Keeps what announced steps need soonest, behind that what is needed most (`CachePolicy.window`).
///
/// Candidates in a step are the rows kept so far and those of the step. They have ranks: first the distance to their next announced use,
/// 32 classes of weight for each, then the weight alone for those with none. The lowest ranks are kept, of equal ones those that need
/// no pulling. With all steps announced this is Belady's choice with bypass: whatever else fits is kept besides.
struct WindowChoice {
  private let capacity: Int
  /// Probability of every row; without, rows weigh the steps that needed them so far.
  private let scores: ScoreTable?
  private var slots: CacheSlots
  private var rows = KnownRows()
  private var window = UseWindow()
  /// Kept rows: of no announced use by class of their weight, then of each announced step by class.
  private var lists = RowLists(count: Commonness.classes + 16 * Self.stepClasses)
  /// Steps that have lists, a power of two.
  private var listedSteps = 16
  /// Of the step being decided: each row's rank, twice, and 1 more where it is in a slot.
  private let ranks = GrowingBuffer<UInt32>()
  /// Rows of the step by rank: in slots, and others.
  private let hits = GrowingBuffer<UInt32>()
  private let misses = GrowingBuffer<UInt32>()

  private(set) var keptRows = 0
  /// Rows that lost their slot so far.
  private(set) var givenUpRows = 0

  /// Classes of weight for each announced step.
  private static let stepClasses = 32

  init(capacity: Int, spare: Int, scores: RowScores?) {
    self.capacity = capacity
    self.scores = scores.map(ScoreTable.init)
    slots = CacheSlots(count: capacity + spare)
  }

  var bytes: Int {
    slots.bytes + rows.bytes + window.bytes + lists.bytes + 4 * (ranks.capacity + hits.capacity + misses.capacity) + (scores?.bytes ?? 0)
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
    let (step, positions, first) = (window.end, window.add(count: ids.count), window.first)
    precondition(step < Int(UInt32.max) - 1, "too many steps")
    if window.end - first > listedSteps { growLists() }
    let reference = referenceClass
    for (index, id) in ids.enumerated() {
      var number = rows.find(id)
      if number < 0 { number = rows.insert(id, weight: scores?.score(of: id) ?? 0, firstStep: first) }
      let row = rows.pointer + number
      let needed = Int(row.pointee.neededUntil)
      let weight = row.pointee.weight
      if scores == nil { row.pointee.weight += 1 }
      if needed > first {
        precondition(needed <= step, "a row is announced twice for a step")
        window.pointer[Int(row.pointee.place) & window.mask].distance = UInt32(truncatingIfNeeded: step &+ 1 &- needed)
      } else if row.pointee.isKept {
        let moved = lists.remove(at: row.pointee.place, from: Commonness.ofWeight(weight))
        rows.pointer[Int(moved)].place = row.pointee.place
        let weightClass = Self.stepClass(row.pointee.weight, reference)
        _ = lists.append(UInt32(truncatingIfNeeded: number), to: list(ofStep: step, weightClass))
      }
      row.pointee.place = UInt32(truncatingIfNeeded: positions.lowerBound &+ index)
      row.pointee.neededUntil = UInt32(truncatingIfNeeded: step &+ 1)
      window.pointer[(positions.lowerBound &+ index) & window.mask] = UseWindow.Use(row: UInt32(truncatingIfNeeded: number), distance: 0)
    }
  }

  /// Decides the oldest step; see `CachePlan.decide`.
  mutating func decide(into places: UnsafeMutablePointer<CachePlace>) {
    let positions = window.oldest
    let step = window.first
    for weightClass in 0..<Self.stepClasses {
      keptRows -= lists.count(list(ofStep: step, weightClass))
      lists.removeAll(list(ofStep: step, weightClass))
    }
    window.removeOldest()
    rank(positions)
    var limit = findLimit()
    giveUpKept(beyond: limit)
    for (index, position) in positions.enumerated() {
      let number = window.pointer[position & window.mask].row
      let (rank, isHit) = (Int(ranks.pointer[index] >> 1), ranks.pointer[index] & 1 == 1)
      places[index] = place(number, isKept: limit.keeps(rank, isHit), rank: rank, step: step)
    }
  }

  // MARK: Ranks

  private var announcedSteps: Int { window.end - window.first }
  private var rankCount: Int { announcedSteps * Self.stepClasses + Commonness.classes }

  /// The class that a row of every step has.
  private var referenceClass: Int { Commonness.ofWeight(scores == nil ? Float(window.end) : 1) }

  @inline(__always)
  private static func stepClass(_ weight: Float, _ reference: Int) -> Int {
    min(stepClasses &- 1, max(0, reference &- Commonness.ofWeight(weight)) >> 2)
  }

  @inline(__always)
  private func list(ofStep step: Int, _ weightClass: Int) -> Int {
    Commonness.classes &+ (step & (listedSteps &- 1)) &* Self.stepClasses &+ weightClass
  }

  @inline(__always)
  private func list(ofRank rank: Int) -> Int {
    let near = announcedSteps &* Self.stepClasses
    if rank >= near { return Commonness.classes &- 1 &- (rank &- near) }
    return list(ofStep: window.first &+ rank / Self.stepClasses, rank % Self.stepClasses)
  }

  /// Ranks the rows of the step that just left the window, and counts them by rank.
  private func rank(_ positions: Range<Int>) {
    ranks.reset(to: positions.count)
    for counts in [hits, misses] {
      counts.reset(to: rankCount)
      counts.pointer.update(repeating: 0, count: rankCount)
    }
    let (rows, uses, mask, reference, near) = (
      rows.pointer, window.pointer, window.mask, referenceClass, announcedSteps &* Self.stepClasses
    )
    let (ranks, hits, misses) = (ranks.pointer, hits.pointer, misses.pointer)
    for (index, position) in positions.enumerated() {
      let use = uses[position & mask]
      let row = rows + Int(use.row)
      let rank =
        use.distance == 0
        ? near &+ Commonness.classes &- 1 &- Commonness.ofWeight(row.pointee.weight)
        : (Int(use.distance) &- 1) &* Self.stepClasses &+ Self.stepClass(row.pointee.weight, reference)
      let isHit = row.pointee.slot >= 0
      if isHit { hits[rank] &+= 1 } else { misses[rank] &+= 1 }
      ranks[index] = UInt32(truncatingIfNeeded: rank << 1) | (isHit ? 1 : 0)
    }
  }

  /// Up to where ranks are kept: all below `rank`, and so many of that rank.
  private struct Limit {
    var rank: Int
    var others: Int
    var hits: Int
    var misses: Int

    /// Whether the next row of the step is kept, in the order of the step.
    @inline(__always)
    mutating func keeps(_ rank: Int, _ isHit: Bool) -> Bool {
      if rank != self.rank { return rank < self.rank }
      if isHit {
        hits &-= 1
        return hits >= 0
      }
      misses &-= 1
      return misses >= 0
    }
  }

  private func findLimit() -> Limit {
    var room = capacity
    for rank in 0..<rankCount {
      let (others, hits, misses) = (lists.count(list(ofRank: rank)), Int(hits.pointer[rank]), Int(misses.pointer[rank]))
      if others + hits + misses > room {
        let keptHits = min(hits, max(0, room - others))
        return Limit(rank: rank, others: min(others, room), hits: keptHits, misses: max(0, room - others - keptHits))
      }
      room -= others + hits + misses
    }
    return Limit(rank: rankCount, others: 0, hits: 0, misses: 0)
  }

  // MARK: Slots

  private mutating func giveUpKept(beyond limit: Limit) {
    for rank in limit.rank..<max(limit.rank, rankCount) {
      let (list, kept) = (list(ofRank: rank), rank == limit.rank ? limit.others : 0)
      while lists.count(list) > kept {
        let row = rows.pointer + Int(lists.removeLast(list))
        if row.pointee.slot >= 0 {
          slots.giveUp(row.pointee.slot, readUntil: Int(row.pointee.readUntil))
          givenUpRows += 1
        }
        row.pointee.slot = KnownRows.Row.notKept
        keptRows -= 1
      }
    }
  }

  /// Keeps a row of the step or gives it up, and says where the step finds it.
  @inline(__always)
  private mutating func place(_ number: UInt32, isKept: Bool, rank: Int, step: Int) -> CachePlace {
    let row = rows.pointer + Int(number)
    let slot = row.pointee.slot
    guard isKept else {
      row.pointee.slot = KnownRows.Row.notKept
      guard slot >= 0 else { return .pass }
      slots.giveUp(slot, readUntil: step)
      givenUpRows += 1
      return .hit(Int(slot))
    }
    keptRows += 1
    let position = lists.append(number, to: list(ofRank: rank))
    if rank >= announcedSteps &* Self.stepClasses { row.pointee.place = position }
    row.pointee.readUntil = UInt32(truncatingIfNeeded: step)
    if slot >= 0 { return .hit(Int(slot)) }
    let free = slots.take()
    row.pointee.slot = free >= 0 ? free : KnownRows.Row.keptWithoutSlot
    return free >= 0 ? .fill(Int(free)) : .pass
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
