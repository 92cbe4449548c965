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
    var limit = findLimit()
    giveUpKept(beyond: limit)
    for (index, position) in positions.enumerated() {
      ask(position &+ Self.ahead)
      let number = window.pointer[position & window.mask].row
      let (rank, isHit) = (Int(ranks.pointer[index] >> 1), ranks.pointer[index] & 1 == 1)
      places[index] = place(number, isKept: limit.keeps(rank, isHit), rank: rank, step: step)
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
    counts.reset(to: 2 * rankCount)
    counts.pointer.update(repeating: 0, count: counts.count)
    let (rows, uses, mask, reference, near) = (
      rows.pointer, window.pointer, window.mask, referenceClass, announcedSteps &* Self.stepClasses
    )
    let (ranks, counts) = (ranks.pointer, counts.pointer)
    for (index, position) in positions.enumerated() {
      halo_ask_for_line(rows + Int(uses[(position &+ Self.ahead) & mask].row))
      let use = uses[position & mask]
      let row = rows + Int(use.row)
      let weight = row.pointee.weight
      // Both are computed: which one counts is hard to foresee.
      let far = near &+ Commonness.classes &- 1 &- Commonness.ofWeight(weight)
      let soon = (Int(use.distance) &- 1) &* Self.stepClasses &+ Self.stepClass(weight, reference)
      let rank = 2 &* (use.distance == 0 ? far : soon) &+ (row.pointee.slot >= 0 ? 1 : 0)
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

  private func findLimit() -> Limit {
    var room = capacity
    for rank in 0..<rankCount {
      let (others, hits, misses) = (lists.count(list(ofRank: rank)), Int(counts.pointer[2 * rank + 1]), Int(counts.pointer[2 * rank]))
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
}
