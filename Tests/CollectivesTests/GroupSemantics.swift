import Collectives
import Testing

/// What every `ProcessGroup` must do, written in terms of `rank` and `size`; run by threads and by MPI processes.
enum GroupSemantics: String, CaseIterable, Sendable {
  case sizesAndRanks, barrierOrdersSideEffects, broadcastReachesAll, broadcastOfNothing, gatherOfUnequalSizes
  case gatherOfValues, exchangeOfUnequalSizes, exchangeOfNothing, exchangeIntoPlaces, exchangeOfLongMessages
  case gatherInPlace, gatherInPlaceWithEmptyRanges, manyCollectivesInARow

  func check(_ group: any ProcessGroup) throws {
    let rank = group.rank
    let size = group.size
    switch self {
    case .sizesAndRanks:
      #expect((0..<size).contains(rank))
      #expect(group.hostRanks.contains(rank))
      #expect(group.hostRanks == group.hostRanks.sorted())
      #expect(try group.allGather(value: rank) == Array(0..<size))
    case .barrierOrdersSideEffects:
      for _ in 0..<20 { try group.barrier() }
    case .broadcastReachesAll:
      for root in 0..<size {
        let sent = [UInt8](repeating: UInt8(root + 1), count: 1000 * root + 1)
        #expect(try group.broadcast(rank == root ? sent : [9, 9], from: root) == sent)
      }
    case .broadcastOfNothing:
      #expect(try group.broadcast(rank == size - 1 ? [] : [1], from: size - 1) == [])
    case .gatherOfUnequalSizes:
      let gathered = try group.allGather(pattern(from: rank, to: 0, count: rank * 777))
      #expect(gathered == (0..<size).map { pattern(from: $0, to: 0, count: $0 * 777) })
    case .gatherOfValues:
      #expect(try group.allGather(value: Double(rank) / 3) == (0..<size).map { Double($0) / 3 })
    case .exchangeOfUnequalSizes:
      // From rank r to rank s go r·s + s bytes: rank 0 receives nothing from anybody.
      let received = try group.exchange((0..<size).map { pattern(from: rank, to: $0, count: rank * $0 + $0) })
      #expect(received == (0..<size).map { pattern(from: $0, to: rank, count: $0 * rank + rank) })
    case .exchangeOfNothing:
      #expect(try group.exchange(Array(repeating: [], count: size)) == Array(repeating: [], count: size))
    case .exchangeIntoPlaces:
      try exchangeIntoPlaces(group, bytesPerRank: 40)
    case .exchangeOfLongMessages:
      try exchangeIntoPlaces(group, bytesPerRank: 300_000)
    case .gatherInPlace:
      try gatherInPlace(group, counts: (0..<size).map { 1000 + 10 * $0 })
    case .gatherInPlaceWithEmptyRanges:
      try gatherInPlace(group, counts: (0..<size).map { $0 == size / 2 ? 5000 : 0 })
    case .manyCollectivesInARow:
      for round in 0..<50 {
        #expect(try group.allGather(value: rank * round) == (0..<size).map { $0 * round })
        #expect(try group.broadcast([UInt8(round)], from: round % size) == [UInt8(round)])
      }
    }
  }

  /// Bytes that tell sender and receiver apart.
  private func pattern(from sender: Int, to receiver: Int, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ sender &* 31 &+ receiver &* 101) }
  }

  private func exchangeIntoPlaces(_ group: any ProcessGroup, bytesPerRank: Int) throws {
    // From rank r go (r + 1)·bytesPerRank bytes to everybody.
    let rank = group.rank
    let size = group.size
    let outgoing = (0..<size).flatMap { pattern(from: rank, to: $0, count: (rank + 1) * bytesPerRank) }
    var incoming = [UInt8](repeating: 0, count: bytesPerRank * size * (size + 1) / 2)
    try outgoing.withUnsafeBytes { source in
      try incoming.withUnsafeMutableBytes { target in
        let length = (rank + 1) * bytesPerRank
        try group.exchange(
          send: (0..<size).map { UnsafeRawBufferPointer(rebasing: source[$0 * length..<($0 + 1) * length]) },
          receive: (0..<size).map { peer in
            let start = bytesPerRank * peer * (peer + 1) / 2
            return UnsafeMutableRawBufferPointer(rebasing: target[start..<start + (peer + 1) * bytesPerRank])
          })
      }
    }
    #expect(incoming == (0..<size).flatMap { pattern(from: $0, to: rank, count: ($0 + 1) * bytesPerRank) })
  }

  private func gatherInPlace(_ group: any ProcessGroup, counts: [Int]) throws {
    var ranges: [Range<Int>] = []
    for count in counts { ranges.append((ranges.last?.upperBound ?? 0)..<(ranges.last?.upperBound ?? 0) + count) }
    let whole = pattern(from: 1, to: 2, count: ranges.last!.upperBound)
    var mine = [UInt8](repeating: 0, count: whole.count)
    mine.replaceSubrange(ranges[group.rank], with: whole[ranges[group.rank]])
    try mine.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      try group.allGather(inPlace: base, ranges: ranges)
    }
    #expect(mine == whole)
  }
}
