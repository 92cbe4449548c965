public import Inference

/// What `halo train --json` prints.
public struct TrainingSummary: Encodable, Sendable {
  /// Epochs trained.
  public var epochs: Int
  /// Mean training loss of the last epoch.
  public var loss: Double
  /// How good the kept model is, what `scores.json` holds.
  public var scores: RunScores
  /// Whether the run was asked to stop and has epochs left.
  public var stopped: Bool
  /// Wall seconds by stage, mean over workers, of all epochs since the run began or was resumed; so are the sums below.
  public var stages: [String: Double]
  /// Wall seconds of the training steps of all epochs, slowest worker.
  public var seconds: Double
  public var workers: Int
  /// What the training steps of all epochs read and moved, all workers together.
  public var traffic: Traffic
  /// Largest resident memory of any worker, bytes.
  public var peakMemory: Int
  /// Where the results lie.
  public var run: String?
  /// Every epoch's metrics, in order; not printed.
  public var history: [EpochMetrics]
  /// Every worker's timings of every epoch; not printed.
  public var timings: [EpochTimings]

  enum CodingKeys: String, CodingKey { case epochs, loss, stages, seconds, workers, traffic, peakMemory, run, stopped }

  init(_ progress: RunProgress, timings: [EpochTimings], workers: Int, run: String?, stopped: Bool) {
    history = progress.history
    self.timings = timings
    self.workers = workers
    self.run = run
    self.stopped = stopped
    epochs = history.count
    loss = history.last?.loss ?? 0
    scores = RunScores(progress)
    stages = [:]
    for line in timings { for (stage, seconds) in line.stages { stages[stage, default: 0] += seconds / Double(workers) } }
    seconds = (1...max(1, history.count)).reduce(0) { sum, epoch in
      sum + (timings.filter { $0.epoch == epoch }.map(\.seconds).max() ?? 0)
    }
    traffic = timings.map(\.traffic).reduce(Traffic(), +)
    peakMemory = timings.map(\.peakMemory).max() ?? 0
  }

  /// Encodes one flat object: the run's keys and those of `scores`.
  public func encode(to encoder: any Encoder) throws {
    try scores.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(epochs, forKey: .epochs)
    try container.encode(loss, forKey: .loss)
    try container.encode(stages, forKey: .stages)
    try container.encode(seconds, forKey: .seconds)
    try container.encode(workers, forKey: .workers)
    try container.encode(traffic, forKey: .traffic)
    try container.encode(peakMemory, forKey: .peakMemory)
    try container.encodeIfPresent(run, forKey: .run)
    try container.encode(stopped, forKey: .stopped)
  }

  /// The epoch whose model was kept: the best on validation, or the last.
  public var bestEpoch: Int { scores.bestEpoch }
  /// Score on the validation set by which models were compared.
  public var metric: Score { scores.metric }
  /// Scores of the kept model on the held-out sets; `nil` when nothing was evaluated or the set is empty.
  public var validation: Scores? { scores.validation }
  public var test: Scores? { scores.test }

  /// What the training steps of one epoch (from 1) computed and moved, all workers together.
  public func traffic(ofEpoch epoch: Int) -> Traffic {
    timings.filter { $0.epoch == epoch }.map(\.traffic).reduce(Traffic(), +)
  }
}
