public import Graphs
public import Tensors

/// Which training nodes each part computes in each step: a pure function of the seed, known to every worker for the whole run.
///
/// Every part takes part in every step, with no seeds if need be, so that no worker waits for a batch that never comes.
public struct BatchPlan: Sendable {
  public enum Order: Sendable {
    /// Each part walks its own permutation, spread evenly over the epoch's steps: every part computes ⌊⌋ or ⌈⌉ of its share in
    /// every step.
    case balanced
    /// One permutation of all training nodes; each part takes the seeds it owns. The batches are the same for any number of parts.
    case global
  }

  public let order: Order
  public let batchSize: Int
  /// Training nodes of each part.
  public let trainCounts: [Int]
  /// Training nodes of all parts.
  public let totalCount: Int
  public let stepsPerEpoch: Int
  private let seed: UInt64

  /// - Parameter batchSize: Seeds of one step over all parts.
  /// - Precondition: `batchSize` is at least 1.
  public init(order: Order, seed: UInt64, batchSize: Int, trainCounts: [Int]) {
    precondition(batchSize >= 1, "a batch of \(batchSize) seeds")
    self.order = order
    self.seed = seed
    self.batchSize = batchSize
    self.trainCounts = trainCounts
    totalCount = trainCounts.reduce(0, +)
    stepsPerEpoch = (totalCount + batchSize - 1) / batchSize
  }

  /// Seeds of all parts in `step` of an epoch.
  public func seedCount(step: Int) -> Int {
    switch order {
    case .balanced: trainCounts.reduce(0) { $0 + share(of: $1, step: step).count }
    case .global: positions(step: step).count
    }
  }

  /// Appends the part-local ids of a part's seeds in batch order.
  ///
  /// Complexity: O(seeds) when balanced, O(batch · log(training nodes of the part)) when global.
  public func appendSeeds(of part: TrainingNodes, epoch: Int, step: Int, to seeds: GrowingBuffer<PartLocalID>) {
    precondition(part.count == trainCounts[part.part], "part \(part.part) has \(part.count) training nodes")
    switch order {
    case .balanced:
      let permutation = self.permutation(of: part.count, stream: part.part + 1, epoch: epoch)
      for position in share(of: part.count, step: step) { seeds.append(part.node(at: permutation[position])) }
    case .global:
      let permutation = self.permutation(of: totalCount, stream: 0, epoch: epoch)
      for position in positions(step: step) {
        if let node = part.node(ofRank: permutation[position]) { seeds.append(node) }
      }
    }
  }

  private func share(of count: Int, step: Int) -> Range<Int> {
    step * count / stepsPerEpoch..<(step + 1) * count / stepsPerEpoch
  }

  private func positions(step: Int) -> Range<Int> { step * batchSize..<min(totalCount, (step + 1) * batchSize) }

  private func permutation(of count: Int, stream: Int, epoch: Int) -> FeistelPermutation {
    FeistelPermutation(count: count, key: RandomKey(seed: seed, purpose: .permutation, relation: stream), epoch: UInt32(epoch))
  }
}

/// The training nodes of one part, with their ranks among all training nodes of the graph.
public struct TrainingNodes: Sendable {
  public let part: Int
  /// Pairs (part-local id, rank), by increasing rank.
  private let pairs: [(node: UInt32, rank: UInt32)]

  /// - Parameter table: Pairs (part-local id, rank), shape (n, 2).
  public init(part: Int, table: ArrayView<UInt32>) {
    self.part = part
    pairs = (0..<table.count / 2).map { (table[2 * $0], table[2 * $0 + 1]) }.sorted { $0.rank < $1.rank }
  }

  public var count: Int { pairs.count }

  /// The node whose rank is the `index`-th smallest of the part.
  func node(at index: Int) -> PartLocalID { PartLocalID(pairs[index].node) }

  /// The node with `rank` if this part owns it. O(log n).
  func node(ofRank rank: Int) -> PartLocalID? {
    var low = 0
    var high = pairs.count
    while low < high {
      let middle = (low + high) / 2
      if pairs[middle].rank < UInt32(rank) { low = middle + 1 } else { high = middle }
    }
    return low < pairs.count && pairs[low].rank == UInt32(rank) ? PartLocalID(pairs[low].node) : nil
  }
}
