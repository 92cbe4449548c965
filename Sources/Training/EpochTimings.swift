import Collectives
import Telemetry

/// Seconds, bytes and memory of one worker in one epoch, a line of `timings.jsonl`.
public struct EpochTimings: Codable, Sendable {
  public var epoch: Int
  public var worker: Int
  /// Wall seconds of the training steps.
  public var seconds: Double
  /// Processor seconds of all threads of the worker during the training steps.
  public var processorSeconds: Double
  /// Wall seconds of the evaluation that followed.
  public var evaluationSeconds = 0.0
  /// Steps of the epoch.
  public var steps: Int
  /// Wall seconds by stage.
  public var stages: [String: Double]
  /// What the steps read and moved.
  public var traffic: Traffic
  /// Where their rows came from.
  public var loading: EpochLoading
  /// Largest resident memory so far, bytes; file pages shared with other workers included.
  public var peakMemory: Int
  /// Parts whose files this process has mapped or open, as the operating system sees it.
  public var mappedParts: [Int]

  init(
    epoch: Int, worker: Int, seconds: Double, processorSeconds: Double, steps: Int, stages: [Stage: StageClock.Reading], traffic: Traffic,
    loading: EpochLoading,
    mappedParts: [Int]
  ) {
    self.epoch = epoch
    self.worker = worker
    self.seconds = seconds
    self.processorSeconds = processorSeconds
    self.steps = steps
    self.stages = Dictionary(uniqueKeysWithValues: Stage.allCases.map { ($0.rawValue, stages[$0]?.seconds ?? 0) })
    self.traffic = traffic
    self.loading = loading
    self.mappedParts = mappedParts
    peakMemory = ProcessMemory.current()?.peak ?? 0
  }

  func completed(evaluationSeconds: Double) -> EpochTimings {
    var timings = self
    timings.evaluationSeconds = evaluationSeconds
    return timings
  }
}
