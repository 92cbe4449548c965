/// What `halo train --json` prints.
public struct TrainingSummary: Encodable, Sendable {
  public struct Score: Codable, Sendable, Equatable {
    public var accuracy: Double
  }

  /// Epochs trained.
  public var epochs: Int
  /// The epoch whose model was kept: the best on validation, or the last.
  public var bestEpoch: Int
  /// Mean training loss of the last epoch.
  public var loss: Double
  /// Exact scores of the kept model; absent when nothing was evaluated.
  public var validation: Score?
  public var test: Score?
  /// Wall seconds of all epochs by stage, mean over workers.
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

  enum CodingKeys: String, CodingKey { case epochs, bestEpoch, loss, validation, test, stages, seconds, workers, traffic, peakMemory, run }

  init(epochs history: [EpochMetrics], best: EpochMetrics?, timings: [EpochTimings], workers: Int, run: String?) {
    self.history = history
    self.timings = timings
    self.workers = workers
    self.run = run
    epochs = history.count
    bestEpoch = best?.epoch ?? history.count
    loss = history.last?.loss ?? 0
    validation = best?.validationAccuracy.map(Score.init(accuracy:))
    test = best?.testAccuracy.map(Score.init(accuracy:))
    stages = [:]
    for line in timings { for (stage, seconds) in line.stages { stages[stage, default: 0] += seconds / Double(workers) } }
    seconds = (1...max(1, history.count)).reduce(0) { sum, epoch in
      sum + (timings.filter { $0.epoch == epoch }.map(\.seconds).max() ?? 0)
    }
    traffic = timings.map(\.traffic).reduce(Traffic(), +)
    peakMemory = timings.map(\.peakMemory).max() ?? 0
  }

  /// What the training steps of one epoch (from 1) computed and moved, all workers together.
  public func traffic(ofEpoch epoch: Int) -> Traffic {
    timings.filter { $0.epoch == epoch }.map(\.traffic).reduce(Traffic(), +)
  }
}
