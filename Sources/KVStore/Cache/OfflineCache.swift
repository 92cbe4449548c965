/// The remote rows that the steps of a run need, for measurements.
package struct RowTrace: Sendable {
  /// Ids of all steps, one step after the other, those of a step different.
  package private(set) var ids: [Int64] = []
  /// First id of each step, and one past the last.
  package private(set) var starts = [0]

  package init() {}

  package var stepCount: Int { starts.count - 1 }

  /// Adds a step.
  package mutating func append(_ step: [Int64]) {
    ids.append(contentsOf: step)
    starts.append(ids.count)
  }

  /// Positions of a step in `ids`.
  package func positions(of step: Int) -> Range<Int> { starts[step]..<starts[step + 1] }
}

/// The fewest rows that any cache can pull when it knows the whole run: the bound that caches are compared with.
///
/// Belady's choice ("A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5, 1966) where a row may pass
/// without being kept: of the rows kept so far and those of the step, the ones needed soonest are kept. Which rows these are does not
/// matter to their number: a row that waits for its next step is an interval of steps, at most `capacity` intervals overlap between two
/// steps, and as long as there are more the one that ends last goes.
package enum OfflineCache {
  /// Rows pulled in each step.
  ///
  /// - Complexity: O(rows + steps²) time.
  package static func pulls(_ trace: RowTrace, capacity: Int) -> [Int] {
    let nextSteps = nextSteps(of: trace)
    /// Intervals under way, by their last step.
    var waiting = [Int](repeating: 0, count: trace.stepCount)
    var count = 0
    return (0..<trace.stepCount).map { step in
      let hits = waiting[step]
      count -= hits
      for position in trace.positions(of: step) where nextSteps[position] < trace.stepCount {
        waiting[nextSteps[position]] += 1
        count += 1
      }
      var last = trace.stepCount - 1
      while count > capacity {
        let dropped = min(count - capacity, waiting[last])
        waiting[last] -= dropped
        count -= dropped
        last -= 1
      }
      return trace.positions(of: step).count - hits
    }
  }

  /// The next step that needs the row of each position; the number of steps where none does.
  private static func nextSteps(of trace: RowTrace) -> [Int] {
    var next = [Int](repeating: trace.stepCount, count: trace.ids.count)
    var steps: [Int64: Int] = [:]
    for step in (0..<trace.stepCount).reversed() {
      for position in trace.positions(of: step) {
        if let later = steps.updateValue(step, forKey: trace.ids[position]) { next[position] = later }
      }
    }
    return next
  }
}
