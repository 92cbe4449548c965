import CAllocationCounter
import KVStore
import Loading
import Partitions
import Sampling
import Tensors

/// Samples the epochs of a partition directory and prints how many blocks of memory the last of them asked for: 0 on the hot path.
///
/// Arguments: the directory, threads, `uniform` or `labor`; or `cache`, for the plan of the row cache over rows of its own. Prints
/// `uncounted` where blocks cannot be counted.
@main struct AllocationProbe {
  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.dropFirst() == ["cache"] { return planCache() }
    guard arguments.count == 4, let threads = Int(arguments[2]) else { fatalError("directory, threads, sampler") }
    guard allocation_count_works() != 0 else { return print("uncounted") }
    let manifest = try Manifest.load(arguments[1])
    let parts = try (0..<manifest.partCount).map { try LocalPartition(directory: arguments[1], manifest: manifest, part: $0) }
    let plan = BatchPlan(order: .balanced, seed: 1, batchSize: 300, trainCounts: manifest.parts.map { $0.splits[0].train[0] })
    let source = RoutedNeighborSource(
      book: PartitionBook(manifest), mapped: Dictionary(uniqueKeysWithValues: parts.map { ($0.part, $0.inEdges) }),
      worker: Array(repeating: 0, count: parts.count), client: nil, listCount: parts.count)
    var sampling = SamplingMethod()
    if arguments[3] == "labor" { sampling.purpose = .labor }
    let loader = BatchLoader(
      parts: parts, nodeType: 0, split: 0, plan: plan, seed: 1, sampling: sampling, limits: [[15], [10], [5]], wantsDegrees: true,
      source: source, store: nil, threads: Threads(threads))
    var asked: UInt64 = 0
    // The same epoch again: whatever has to grow has grown.
    for _ in 0..<3 {
      let before = allocation_count()
      for step in 0..<plan.stepsPerEpoch { _ = try loader.sample(epoch: 0, step: step) }
      asked = allocation_count() - before
    }
    print("\(asked) blocks in \(plan.stepsPerEpoch) steps")
  }

  /// Plans the same steps of common and rare rows three times, two steps ahead.
  private static func planCache() {
    guard allocation_count_works() != 0 else { return print("uncounted") }
    let (steps, window) = (20, 2)
    let key = RandomKey(seed: 1, purpose: .generator)
    let rows = (0..<steps).map { step -> [Int64] in
      (0..<40_000).filter { (row: Int64) -> Bool in
        let draw = Int64(key.bits(id: UInt64(row), step: UInt32(step))[0] >> 12)
        return draw * row < 1 << 32
      }
    }
    let plan = CachePlan(policy: .window, capacity: 3_000, spare: 9_000, scores: nil)
    let places = GrowingBuffer<CachePlace>()
    func announce(_ step: Int) { rows[step % steps].withUnsafeBufferPointer { plan.announce($0) } }
    for step in 0..<window { announce(step) }
    var before: UInt64 = 0
    for step in 0..<3 * steps {
      if step == 2 * steps { before = allocation_count() }
      announce(step + window)
      plan.finished(before: step - 2)
      plan.decide(into: places)
    }
    let asked = allocation_count() - before
    print("\(asked) blocks in \(steps) steps")
  }
}
