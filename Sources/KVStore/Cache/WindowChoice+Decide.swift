import CKernels
import Tensors

extension WindowChoice {
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
    var limit = findLimit(positions)
    giveUpKept(beyond: limit)
    for (index, position) in positions.enumerated() {
      ask(position &+ Self.ahead)
      let number = window.pointer[position & window.mask].row
      places[index] = place(number, rank: Int(ranks.pointer[index]), &limit, step: step)
    }
  }

  /// Asks for the memory of the row of a use, which may be one of a later step, or none.
  @inline(__always)
  private func ask(_ position: Int) { halo_ask_for_line(rows.pointer + Int(window.pointer[position & window.mask].row)) }

  @inline(__always)
  private func list(ofRank rank: Int) -> Int {
    let near = announcedSteps &* Self.stepClasses
    if rank >= near { return Commonness.classes &- 1 &- (rank &- near) }
    return list(ofStep: window.first &+ rank / Self.stepClasses, rank % Self.stepClasses)
  }

  /// Ranks the rows of the step that just left the window, and counts them by rank.
  private func rank(_ positions: Range<Int>) {
    ranks.reset(to: positions.count)
    counts.reset(to: rankCount)
    counts.pointer.update(repeating: 0, count: counts.count)
    let (uses, mask, reference, near) = (window.pointer, window.mask, referenceClass, announcedSteps &* Self.stepClasses)
    let (ranks, counts) = (ranks.pointer, counts.pointer)
    for (index, position) in positions.enumerated() {
      let use = uses[position & mask]
      // Both are computed: which one counts is hard to foresee.
      let far = near &+ Commonness.classes &- 1 &- use.weightClass
      let soon = (use.distance &- 1) &* Self.stepClasses &+ Self.stepClass(use.weightClass, reference)
      let rank = use.distance == 0 ? far : soon
      counts[rank] &+= 1
      ranks[index] = UInt32(truncatingIfNeeded: rank)
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

  private func findLimit(_ positions: Range<Int>) -> Limit {
    var room = capacity
    for rank in 0..<rankCount {
      let (others, own) = (lists.count(list(ofRank: rank)), Int(counts.pointer[rank]))
      if others + own > room {
        let left = max(0, room - others)
        let hits = left == 0 ? 0 : min(left, hits(ofRank: rank, positions))
        return Limit(rank: rank, others: min(others, room), hits: hits, misses: left - hits)
      }
      room -= others + own
    }
    return Limit(rank: rankCount, others: 0, hits: 0, misses: 0)
  }

  /// Rows of the step of one rank that are in slots.
  private func hits(ofRank rank: Int, _ positions: Range<Int>) -> Int {
    var hits = 0
    for (index, position) in positions.enumerated() where Int(ranks.pointer[index]) == rank {
      if rows.pointer[Int(window.pointer[position & window.mask].row)].slot >= 0 { hits += 1 }
    }
    return hits
  }

  // MARK: Slots

  private mutating func giveUpKept(beyond limit: Limit) {
    for rank in limit.rank..<rankCount {
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
  private mutating func place(_ number: UInt32, rank: Int, _ limit: inout Limit, step: Int) -> CachePlace {
    let row = rows.pointer + Int(number)
    let slot = row.pointee.slot
    guard limit.keeps(rank, slot >= 0) else {
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
}
