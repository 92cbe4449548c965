import Configuration
import Foundation
import Partitions
import Telemetry
import Tensors

/// Where the time of a run's steps went, worker by worker, and what came over the wire; from the run's `timings.jsonl`.
public struct RunExplanation: Encodable, Sendable {
  /// One worker's steps.
  public struct Worker: Encodable, Sendable {
    public var worker: Int
    /// Milliseconds of a step, mean over the epochs looked at: all, by stage, and what is in none.
    public var milliseconds: Double
    public var stages: [String: Double]
    public var other: Double
    /// Milliseconds that processors work for a step, all threads together, and for deciding which rows are kept among them.
    public var processorMilliseconds: Double
    public var planMilliseconds: Double
    /// Share of a step, 0 to 1, in which nothing could be computed because rows or samples were not there: waiting for what is loaded ahead,
    /// and sampling and fetching what is not.
    public var waitingShare: Double
    /// Milliseconds that the thread that loads ahead works for a step, beside the stages; `nil` where there is none.
    public var ahead: [String: Double]?
    /// Where rows and samples came from, mean over the epochs looked at.
    public var loading: EpochLoading

    /// Milliseconds of a step without waiting: for batches, or for other workers in `reduce`.
    public var busy: Double { milliseconds - (stages[Stage.wait.rawValue] ?? 0) - (stages[Stage.reduce.rawValue] ?? 0) }
  }

  /// The worker that the others wait for.
  public struct Straggler: Encodable, Sendable {
    public var worker: Int
    /// Milliseconds of a step that the others are longer in `reduce`, in the mean.
    public var milliseconds: Double
    /// Stage in which it loses most of them, and how many.
    public var stage: String
    public var stageMilliseconds: Double
  }

  /// Rows of other parts in an epoch, as the partitioner expected them of this fan-out and batch size.
  public struct Prediction: Encodable, Sendable {
    public var expectedRows: Double
    /// Different rows of other workers in the run's steps, whether kept or pulled.
    public var rows: Int
  }

  public var run: String
  /// Epochs looked at, from 1.
  public var epochs: [Int]
  public var stepsPerEpoch: Int
  public var workers: [Worker]
  /// `nil` with one worker.
  public var straggler: Straggler?
  /// `nil` where nothing was expected, or of other batches, or where workers read other parts in place.
  public var prediction: Prediction?

  /// - Parameters:
  ///   - run: The run directory.
  ///   - epoch: Epoch to look at; `nil`: all but the first, in which memory is still being taken.
  /// - Throws: `InputError` when `timings.jsonl` is not of this version, or has no such epoch.
  public init(run: String, epoch: Int? = nil) throws {
    let lines = try Self.lines(of: "\(run)/timings.jsonl")
    let known = Set(lines.map(\.epoch)).sorted()
    if let epoch, !known.contains(epoch) {
      throw InputError(run, expected: "epoch \(epoch)", found: "epochs \(known.first ?? 0) to \(known.last ?? 0)")
    }
    let chosen = epoch.map { [$0] } ?? (known.count > 1 ? Array(known.dropFirst()) : known)
    self.run = run
    epochs = chosen
    let looked = lines.filter { chosen.contains($0.epoch) }
    stepsPerEpoch = looked[0].steps
    workers = Dictionary(grouping: looked, by: \.worker).sorted { $0.key < $1.key }.map { Worker($0.key, $0.value) }
    straggler = Straggler(among: workers)
    prediction = Prediction(of: run, workers: workers)
  }

  private static func lines(of path: String) throws -> [EpochTimings] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(path, expected: "the timings of a run", found: "no file that can be read")
    }
    var lines: [EpochTimings] = []
    for (number, line) in data.split(separator: 0x0A).enumerated() {
      do { lines.append(try JSONDecoder().decode(EpochTimings.self, from: Data(line))) } catch {
        throw InputError("\(path):\(number + 1)", expected: "an epoch's timings as this version writes them", found: "something else")
      }
    }
    guard !lines.isEmpty else { throw InputError(path, expected: "an epoch's timings", found: "an empty file") }
    return lines
  }
}

extension RunExplanation.Worker {
  fileprivate init(_ worker: Int, _ lines: [EpochTimings]) {
    self.worker = worker
    let steps = Double(lines.reduce(0) { $0 + $1.steps })
    func perStep(_ value: (EpochTimings) -> Double) -> Double { lines.reduce(0) { $0 + value($1) } * 1000 / max(1, steps) }
    milliseconds = perStep(\.seconds)
    processorMilliseconds = perStep(\.processorSeconds)
    planMilliseconds = perStep(\.loading.planSeconds)
    let stages = Dictionary(
      uniqueKeysWithValues: Stage.allCases.map { stage in (stage.rawValue, perStep { $0.stages[stage.rawValue] ?? 0 }) })
    self.stages = stages
    other = milliseconds - stages.values.reduce(0, +)
    let waited = [Stage.wait, .sample, .fetch].reduce(0) { $0 + (stages[$1.rawValue] ?? 0) }
    waitingShare = milliseconds > 0 ? waited / milliseconds : 0
    loading = EpochLoading(meanOf: lines.map(\.loading))
    guard lines.contains(where: { $0.loading.ahead != nil }) else { return }
    ahead = [
      Stage.sample.rawValue: perStep { $0.loading.ahead?.sampleSeconds ?? 0 },
      Stage.fetch.rawValue: perStep { $0.loading.ahead?.fetchSeconds ?? 0 },
    ]
  }
}

extension RunExplanation.Straggler {
  /// The worker that waits least for the others: it comes last to most sums.
  fileprivate init?(among workers: [RunExplanation.Worker]) {
    let reduce = Stage.reduce.rawValue
    guard workers.count > 1, let last = workers.min(by: { ($0.stages[reduce] ?? 0) < ($1.stages[reduce] ?? 0) }) else { return nil }
    let others = workers.filter { $0.worker != last.worker }
    func excess(_ stage: String) -> Double {
      (last.stages[stage] ?? 0) - others.reduce(0) { $0 + ($1.stages[stage] ?? 0) } / Double(others.count)
    }
    worker = last.worker
    milliseconds = -excess(reduce)
    stage = Stage.allCases.map(\.rawValue).filter { $0 != reduce }.max { excess($0) < excess($1) } ?? reduce
    stageMilliseconds = excess(stage)
  }
}

extension RunExplanation.Prediction {
  fileprivate init?(of run: String, workers: [RunExplanation.Worker]) {
    rows = workers.reduce(0) { $0 + $1.loading.rowsCached + $1.loading.rowsPulled }
    guard rows > 0, let job = try? JobFile("\(run)/\(JobFile.name)").job, let partitions = job.partitions,
      let manifest = try? Manifest.load(partitions), let reads = manifest.expectedReads, manifest.partCount == workers.count,
      reads.fanout == job.training.fanout.description,
      reads.batchSize == job.training.globalBatchSize(parts: manifest.partCount)
    else { return nil }
    expectedRows = reads.totalRows - reads.totalReplicated
  }
}
