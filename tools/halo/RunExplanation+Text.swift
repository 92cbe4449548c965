import Foundation
import Telemetry
public import Training

extension RunExplanation: CustomStringConvertible {
  /// A table of stages, what was waited for, and a table of rows and bytes.
  public var description: String {
    let all = epochs.count == 1 ? "epoch \(epochs[0])" : "epochs \(epochs[0]) to \(epochs[epochs.count - 1])"
    return (["\(run): \(all), \(stepsPerEpoch) steps each; milliseconds of a step"] + stageTable + waits + rowTable + expectation)
      .joined(separator: "\n")
  }

  private var stageTable: [String] {
    let names = Stage.allCases.map(\.rawValue)
    let head = row("worker", names + ["other", "step"])
    return [head]
      + workers.map { worker in
        row("\(worker.worker)", (names.map { worker.stages[$0] ?? 0 } + [worker.other, worker.milliseconds]).map { text($0) })
      }
  }

  /// What compute waited for, and who was waited for.
  private var waits: [String] {
    var lines: [String] = []
    for worker in workers {
      guard let ahead = worker.ahead, let details = worker.loading.ahead else { continue }
      let work = Stage.allCases.compactMap { stage in ahead[stage.rawValue].map { "\(stage.rawValue) \(text($0))" } }
      lines.append(
        "worker \(worker.worker) waited for batches \(text(worker.waitingShare * worker.milliseconds)) ms a step "
          + "(\(text(100 * worker.waitingShare)) %); "
          + "loading ahead took \(work.joined(separator: ", ")) meanwhile, \(details.stepsFetched) steps fetched and "
          + "\(details.stepsSampled) more sampled ahead, at most \(megabytes(details.bytes)) MB held")
    }
    for worker in workers where worker.processorMilliseconds > 0 {
      lines.append(
        "worker \(worker.worker) keeps processors busy for \(text(worker.processorMilliseconds)) ms a step, deciding which rows stay "
          + "\(text(100 * worker.planMilliseconds / worker.processorMilliseconds)) % of it")
    }
    if let straggler, straggler.milliseconds > 0 {
      lines.append(
        "worker \(straggler.worker) is waited for: the others are \(text(straggler.milliseconds)) ms a step longer in reduce"
          + (straggler.stageMilliseconds > 0
            ? "; it needs \(text(straggler.stageMilliseconds)) ms more than they in \(straggler.stage)" : ""))
    }
    return lines
  }

  private var rowTable: [String] {
    guard workers.contains(where: { !$0.loading.peers.isEmpty }) else { return ["no rows or samples were asked of other workers"] }
    var lines = ["rows of an epoch", row("worker", ["asked", "local", "replicas", "repeated", "cached", "pulled", "plan ns"])]
    for worker in workers {
      let loading = worker.loading
      let edges = loading.edgeRows
      let planned = loading.rowsCached + loading.rowsPulled + (edges?.cached ?? 0) + (edges?.pulled ?? 0)
      let counts = [
        loading.rowsAsked, loading.rowsLocal, loading.rowsReplicated, loading.rowsDeduplicated, loading.rowsCached, loading.rowsPulled,
      ]
      let plan = planned > 0 ? text(loading.planSeconds * 1e9 / Double(planned)) : "0"
      lines.append(row("\(worker.worker)", counts.map(String.init) + [plan]))
    }
    if workers.contains(where: { $0.loading.edgeRows != nil }) {
      lines += ["rows of edges of an epoch", row("worker", ["asked", "local", "repeated", "cached", "pulled", "row MB"])]
      for worker in workers {
        guard let rows = worker.loading.edgeRows else { continue }
        lines.append(
          row(
            "\(worker.worker)",
            [rows.asked, rows.local, rows.deduplicated, rows.cached, rows.pulled].map(String.init) + [megabytes(rows.bytes)]))
      }
    }
    let copied = workers.reduce(0) { $0 + $1.loading.bytesCopied }
    lines.append("copied before the model reads them: \(copied == 0 ? "no rows" : "\(megabytes(copied)) MB of rows, to join two tables")")
    lines += ["from worker to worker, an epoch", row("to", ["from", "rows", "row MB", "requests", "asked MB", "got MB"])]
    for worker in workers {
      for peer in worker.loading.peers {
        lines.append(
          row(
            "\(worker.worker)",
            [
              "\(peer.worker)", "\(peer.rows)", megabytes(peer.rowBytes), "\(peer.requests)", megabytes(peer.bytesSent),
              megabytes(peer.bytesReceived),
            ]))
      }
    }
    return lines
  }

  private var expectation: [String] {
    guard let prediction else { return [] }
    return [
      "the partition expected \(Int(prediction.expectedRows.rounded())) rows of other parts an epoch; batches read \(prediction.rows)"
    ]
  }

  private func row(_ first: String, _ cells: [String]) -> String {
    first.padding(toLength: 8, withPad: " ", startingAt: 0)
      + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
  }

  private func text(_ value: Double) -> String { String(format: "%.2f", value) }

  private func megabytes(_ bytes: Int) -> String { String(format: "%.2f", Double(bytes) / 1e6) }
}
