import Foundation
public import Inference

/// What several runs have shown: `summary.json`, and what `halo train --repeat --json` prints. It holds no timings: equal bytes for any
/// number of workers and threads.
public struct RepetitionSummary: Encodable, Sendable {
  /// The kept model of one run.
  public struct Run: Encodable, Sendable {
    /// Path of its directory inside that of all.
    public var name: String
    public var seed: UInt64
    /// Name of the split; empty: the first of the partition.
    public var split: String
    public var epochs: Int
    public var bestEpoch: Int
    public var validation: Scores?
    public var test: Scores?

    public init(run: RepeatedRun, epochs: Int, bestEpoch: Int, validation: Scores?, test: Scores?) {
      name = run.name
      seed = run.seed
      split = run.split
      self.epochs = epochs
      self.bestEpoch = bestEpoch
      self.validation = validation
      self.test = test
    }
  }

  /// Mean and spread of one score over the runs that have it.
  public struct Statistic: Codable, Equatable, Sendable {
    public var mean: Double
    /// Sample standard deviation, `sqrt(Σ (x − mean)² / (n − 1))`; absent for a single run.
    public var deviation: Double?
    public var runs: Int

    /// `nil` for no values.
    public init?(_ values: [Double]) {
      guard !values.isEmpty else { return nil }
      let mean = values.reduce(0, +) / Double(values.count)
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      self.mean = mean
      deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
      runs = values.count
    }
  }

  /// Runs that there will be; `runs` has as many when all are complete.
  public var planned: Int
  public private(set) var runs: [Run] = []
  /// Score on the validation set by which the models of a run were compared.
  public private(set) var metric = Score.accuracy
  /// Mean and deviation of every score of the kept models.
  public private(set) var validation: [Score: Statistic] = [:]
  public private(set) var test: [Score: Statistic] = [:]
  /// The run that was asked to stop before its end; not part of the file, nor are its scores.
  public internal(set) var unfinished: String?
  /// The directory of all runs; not part of the file.
  public var run: String

  enum CodingKeys: String, CodingKey { case planned, runs, metric, validation, test }

  public init(planned: Int, run: String) {
    self.planned = planned
    self.run = run
  }

  mutating func add(_ summary: TrainingSummary, of run: RepeatedRun) {
    metric = summary.metric
    add(
      Run(
        run: run, epochs: summary.epochs, bestEpoch: summary.bestEpoch, validation: summary.validation, test: summary.test))
  }

  /// Adds a run.
  public mutating func add(_ run: Run) {
    runs.append(run)
    validation = Self.statistics(runs.compactMap(\.validation))
    test = Self.statistics(runs.compactMap(\.test))
  }

  private static func statistics(_ scores: [Scores]) -> [Score: Statistic] {
    Dictionary(uniqueKeysWithValues: Score.allCases.compactMap { score in Statistic(scores.compactMap { $0[score] }).map { (score, $0) } })
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
