/// Which steps a pipeline samples and fetches next: a function of the sizes of batches alone, so that what is pulled, too, does not depend
/// on who was faster.
///
/// With `b` the largest batch so far, in bytes with its rows, room is for `r = (budget − other) / b` batches beside the one that is
/// computed. Up to `depth` of these are fetched, the others are only sampled: the cache sees what they will need. Both grow from 0, so that
/// the first step does not wait for many others to be sampled.
package struct PrefetchSchedule {
  /// Steps that are sampled and fetched together.
  package struct Turn: Equatable {
    package var sample: Range<Int>
    package var fetch: Range<Int>
    /// Steps before this one must be computed before the turn begins.
    package var finished: Int

    package init(sample: Range<Int>, fetch: Range<Int>, finished: Int) {
      self.sample = sample
      self.fetch = fetch
      self.finished = finished
    }
  }

  private let first: Int
  private let end: Int
  private let budget: Int
  private let mostFetched: Int
  private var sampled: Int
  private var fetched: Int
  private var finished: Int
  private var largestBatch = 0
  /// Steps that are fetched ahead of the one that is computed.
  package private(set) var depth = 0
  /// Steps that are sampled ahead of those.
  package private(set) var window = 0
  /// Beyond so many steps nothing is gained.
  package static let longestWindow = 64

  /// - Parameters:
  ///   - steps: Those of the run.
  ///   - budget: Bytes of the batches beside the one that is computed, and of all else that is needed to load ahead.
  ///   - mostFetched: Most steps fetched ahead, at least 1.
  package init(steps: Range<Int>, budget: Int, mostFetched: Int) {
    precondition(mostFetched >= 1, "a pipeline of no depth")
    (first, end) = (steps.lowerBound, steps.upperBound)
    (sampled, fetched, finished) = (first, first, first)
    self.budget = budget
    self.mostFetched = mostFetched
  }

  /// Batches that exist at a time, the one that is computed among them.
  package var batches: Int { 1 + depth + window }

  /// The next turn; `nil` when all steps are fetched.
  package mutating func next() -> Turn? {
    guard fetched < end else { return nil }
    let fetch = fetched..<min(end, fetched + group)
    let sample = sampled..<max(sampled, min(end, fetch.upperBound + window))
    finished = max(finished, fetch.upperBound - 1 - depth)
    fetched = fetch.upperBound
    sampled = sample.upperBound
    return Turn(sample: sample, fetch: fetch, finished: finished)
  }

  /// Takes note of what a turn's batches turned out to hold.
  ///
  /// - Parameters:
  ///   - batchBytes: The largest of them.
  ///   - otherBytes: What else is needed to load ahead.
  package mutating func note(batchBytes: Int, otherBytes: Int) {
    largestBatch = max(largestBatch, batchBytes)
    let room = max(0, (budget - otherBytes) / max(1, largestBatch))
    depth = min(mostFetched, room)
    window = min(window + group, room - depth, Self.longestWindow)
  }

  /// Steps that are fetched at once: half of those ahead, so that compute has the other half meanwhile.
  private var group: Int { max(1, depth / 2) }
}
