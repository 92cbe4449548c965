import Collectives
import Foundation
import Tensors

/// The file of a run that TensorBoard shows: losses, scores, learning rates and seconds over the steps.
///
/// `events.out.tfevents.<seconds since 1970>.<host>.<process>.0`, the name that TensorBoard looks for; a run that is resumed adds another.
final class EventFile {
  private let path: String
  private let file: FileHandle

  /// A name for a file that is begun now.
  static func newName() -> String {
    "events.out.tfevents.\(String(format: "%010d", Int(Date().timeIntervalSince1970))).\(hostName()).\(getpid()).0"
  }

  /// - Parameter steps: Steps that earlier processes have taken in this run; what their files hold of later ones is declared void.
  /// - Throws: `SystemError` when the file cannot be created.
  init(creating path: String, after steps: Int) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
      throw SystemError("create \(path)", code: errno)
    }
    self.path = path
    self.file = file
    let now = Date().timeIntervalSince1970
    try append([EventRecord(time: now, step: 0, content: .version)])
    if steps > 0 { try append([EventRecord(time: now, step: steps + 1, content: .start)]) }
  }

  /// Adds one epoch that has just ended.
  ///
  /// - Parameters:
  ///   - steps: Steps before this epoch.
  ///   - losses: Mean loss of each of its steps.
  ///   - rate: Learning rate of a step, from 0.
  func append(_ epoch: EpochMetrics, steps: Int, losses: [Double], rate: (Int) -> Double, timings: EpochTimings) throws {
    let end = Date().timeIntervalSince1970
    let begin = end - timings.seconds - timings.evaluationSeconds
    var records = losses.enumerated().map { number, loss in
      EventRecord(
        // Steps are not timed one by one: they stand evenly over the epoch.
        time: begin + timings.seconds * Double(number + 1) / Double(losses.count), step: steps + number + 1,
        content: .scalars([("step/loss", loss), ("step/learning-rate", rate(steps + number))]))
    }
    let sets = [("train", epoch.train), ("validation", epoch.validation), ("test", epoch.test)]
    var scalars = sets.flatMap { set, scores in
      (scores?.names ?? []).map { (tag: "\(set)/\($0.rawValue)", value: scores?[$0] ?? 0) }
    }
    scalars.append(("seconds/epoch", timings.seconds))
    if epoch.validation != nil || epoch.test != nil { scalars.append(("seconds/evaluation", timings.evaluationSeconds)) }
    records.append(EventRecord(time: end, step: steps + losses.count, content: .scalars(scalars)))
    try append(records)
  }

  private func append(_ records: [EventRecord]) throws {
    do { try file.write(contentsOf: Data(records.flatMap(\.framed))) } catch { throw RunDirectory.failure("write \(path)", error) }
  }
}
