import Graphs
import Sampling
import Tensors
import Testing

@Suite struct BatchPlanTests {
  /// `counts[p]` training nodes in part p; node with rank r has local id 10 · position + 3.
  private func parts(_ ranks: [[UInt32]]) -> [TrainingNodes] {
    ranks.enumerated().map { part, ranks in
      TrainingNodes(part: part, table: ArrayView(ranks.enumerated().flatMap { [UInt32(10 * $0 + 3), $1] }))
    }
  }

  private func epoch(_ plan: BatchPlan, _ parts: [TrainingNodes], _ epoch: Int) -> [[[PartLocalID]]] {
    (0..<plan.stepsPerEpoch).map { step in
      parts.map { part in
        let seeds = GrowingBuffer<PartLocalID>()
        plan.appendSeeds(of: part, epoch: epoch, step: step, to: seeds)
        return Array(seeds.elements)
      }
    }
  }

  @Test(arguments: [BatchPlan.Order.balanced, .global])
  func everyTrainingNodeComesOncePerEpoch(order: BatchPlan.Order) {
    let parts = parts([[0, 3, 4, 9], [], [1, 2, 5, 6, 7, 8, 10]])
    for batchSize in 1...12 {
      let plan = BatchPlan(order: order, seed: 4, batchSize: batchSize, trainCounts: parts.map(\.count))
      for number in 0..<5 {
        let steps = epoch(plan, parts, number)
        for part in 0..<3 {
          let seen = steps.flatMap { $0[part] }
          #expect(seen.count == parts[part].count)
          #expect(Set(seen).count == parts[part].count)
        }
        for (step, batch) in steps.enumerated() { #expect(batch.reduce(0) { $0 + $1.count } == plan.seedCount(step: step)) }
      }
    }
  }

  @Test func balancedPartsHaveTheirShareInEveryStep() {
    let parts = parts([Array(0..<17), Array(17..<20), Array(20..<61)])
    let plan = BatchPlan(order: .balanced, seed: 1, batchSize: 8, trainCounts: parts.map(\.count))
    #expect(plan.stepsPerEpoch == 8)
    for batch in epoch(plan, parts, 0) {
      for (part, seeds) in zip(parts, batch) {
        let share = Double(part.count) / 8
        #expect(seeds.count == Int(share) || seeds.count == Int(share.rounded(.up)))
      }
    }
  }

  /// The union of the parts' seeds is the same batch of ranks, whatever the number of parts.
  @Test func globalBatchesDoNotDependOnTheParts() {
    let whole = parts([Array(0..<50)])
    let split = parts([
      stride(from: 0, to: 50, by: 3).map { $0 }, stride(from: 1, to: 50, by: 3).map { $0 }, stride(from: 2, to: 50, by: 3).map { $0 },
    ])
    for batchSize in [1, 7, 50] {
      let one = BatchPlan(order: .global, seed: 9, batchSize: batchSize, trainCounts: [50])
      let three = BatchPlan(order: .global, seed: 9, batchSize: batchSize, trainCounts: split.map(\.count))
      for (a, b) in zip(epoch(one, whole, 2), epoch(three, split, 2)) {
        let expected: [UInt32] = a[0].map { ($0.rawValue - 3) / 10 }
        var found: [UInt32] = []
        for (part, seeds) in b.enumerated() { for seed in seeds { found.append((seed.rawValue - 3) / 10 * 3 + UInt32(part)) } }
        #expect(found.sorted() == expected.sorted())
      }
    }
  }

  @Test func epochsDiffer() {
    let parts = parts([Array(0..<40)])
    let plan = BatchPlan(order: .balanced, seed: 2, batchSize: 40, trainCounts: [40])
    #expect(epoch(plan, parts, 0) != epoch(plan, parts, 1))
    #expect(epoch(plan, parts, 0) == epoch(plan, parts, 0))
  }
}
