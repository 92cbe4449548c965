import KVStore
import Testing

@Suite struct OfflineCacheTests {
  @Test func noCachePullsEveryRow() {
    let trace = RandomTrace.make(seed: 1, rows: 20, steps: 6)
    #expect(OfflineCache.pulls(trace, capacity: 0) == (0..<6).map { trace.positions(of: $0).count })
  }

  @Test func aCacheOfOneRowKeepsWhatIsNeededSoonest() {
    var trace = RowTrace()
    for step in [[1, 2], [3, 2], [1, 3], [1], [2]] as [[Int64]] { trace.append(step) }
    // Kept after each step: 2, 3, 1, then anything.
    #expect(OfflineCache.pulls(trace, capacity: 1) == [2, 1, 1, 0, 1])
    #expect(OfflineCache.pulls(trace, capacity: 2) == [2, 1, 0, 0, 1])
    #expect(OfflineCache.pulls(trace, capacity: 3) == [2, 1, 0, 0, 0])
  }

  /// Every choice of rows to keep is tried.
  @Test func noChoiceOfRowsPullsFewer() {
    for seed in 0..<300 as Range<UInt64> {
      let trace = RandomTrace.make(seed: seed, rows: 6, steps: 8, density: 0.3 + 0.1 * Double(seed % 7))
      for capacity in 0...6 {
        #expect(
          OfflineCache.pulls(trace, capacity: capacity).reduce(0, +) == Self.fewest(trace, rows: 6, capacity: capacity),
          "seed \(seed), capacity \(capacity)")
      }
    }
  }

  /// Fewest pulled rows over all ways to keep at most `capacity` of the rows at hand after each step; sets are bits.
  private static func fewest(_ trace: RowTrace, rows: Int, capacity: Int) -> Int {
    var costs: [Int: Int] = [0: 0]
    for step in 0..<trace.stepCount {
      let needed = trace.ids[trace.positions(of: step)].reduce(0) { $0 | 1 << Int($1) }
      var next: [Int: Int] = [:]
      for (kept, cost) in costs {
        let pulled = cost + (needed & ~kept).nonzeroBitCount
        for choice in 0..<1 << rows where choice & ~(kept | needed) == 0 && choice.nonzeroBitCount <= capacity {
          next[choice] = min(next[choice] ?? .max, pulled)
        }
      }
      costs = next
    }
    return costs.values.min() ?? 0
  }
}
