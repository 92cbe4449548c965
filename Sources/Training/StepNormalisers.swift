import Collectives
import Graphs
import Inference
import Kernels
import Loading
import Sampling
import Tensors

/// What the summed loss and gradient of every step are divided by: known to all workers before the epoch begins.
///
/// Where every seed counts one it is the plan's number of seeds, and nothing is exchanged. Else (class weights, unknown targets) each
/// part adds up the weights of its seeds of every step of the epoch, and the parts' sums are added once an epoch along the fixed tree.
final class StepNormalisers {
  private let plan: BatchPlan
  private let loss: Loss
  private let targets: [NodeTargets]
  private let loader: BatchLoader
  private let reducer: GradientReducer
  private let seeds = GrowingBuffer<PartLocalID>()
  private let rows = TargetRows()
  private var everySeedCountsOne = false

  /// A collective call.
  ///
  /// - Parameter targets: Those of each own part.
  init(plan: BatchPlan, loss: Loss, targets: [NodeTargets], loader: BatchLoader, reducer: GradientReducer) throws {
    self.plan = plan
    self.loss = loss
    self.targets = targets
    self.loader = loader
    self.reducer = reducer
    if case .softmaxCrossEntropy(nil, _) = loss {
      everySeedCountsOne = try sums(epoch: 0).reduce(0, +) == Double(plan.totalCount)
    }
  }

  /// One normaliser for each step of an epoch; a collective call.
  func ofEpoch(_ epoch: Int) throws -> [Double] {
    everySeedCountsOne ? (0..<plan.stepsPerEpoch).map { Double(plan.seedCount(step: $0)) } : try sums(epoch: epoch)
  }

  private func sums(epoch: Int) throws -> [Double] {
    var perPart: [Int: [Double]] = [:]
    for (index, targets) in targets.enumerated() {
      perPart[loader.parts[index].part] = (0..<plan.stepsPerEpoch).map { step in
        seeds.removeAll()
        loader.appendSeeds(ofPart: index, epoch: epoch, step: step, to: seeds)
        targets.copy(seeds.readOnly, into: rows)
        return loss.weight(of: rows.targets, rows: rows.count)
      }
    }
    return try reducer.orderedSum(perPart)
  }
}
