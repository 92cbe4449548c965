import Tensors

/// What a batch adds up to; parts of a batch are added with `+=`.
public struct LossSums: Sendable, Equatable {
  /// Sum of the losses, not normalised.
  public var loss = 0.0
  /// What the mean loss divides by: known targets, each counted with the weight of its class.
  public var weight = 0.0
  /// Right decisions; none in a regression.
  public var correct = 0
  /// Known targets.
  public var count = 0

  public init(loss: Double = 0, weight: Double = 0, correct: Int = 0, count: Int = 0) {
    self.loss = loss
    self.weight = weight
    self.correct = correct
    self.count = count
  }

  public static func += (a: inout LossSums, b: LossSums) {
    a.loss += b.loss
    a.weight += b.weight
    a.correct += b.correct
    a.count += b.count
  }

  /// Adds up what `row` gives for each of `rows` rows, by chunks that depend on their number alone.
  static func adding(rows: Int, threads: Threads, _ row: @Sendable (Int) -> LossSums) -> LossSums {
    let chunk = 64
    let chunks = (rows + chunk - 1) / chunk
    return withUnsafeTemporaryAllocation(of: LossSums.self, capacity: max(1, chunks)) { partials in
      nonisolated(unsafe) let partials = partials  // Safe: every chunk writes its own element.
      threads.forEachChunk(of: rows, by: chunk) { range in
        var sums = LossSums()
        for index in range { sums += row(index) }
        partials[range.lowerBound / chunk] = sums
      }
      return partials[0..<chunks].reduce(into: LossSums()) { $0 += $1 }
    }
  }
}
