import Foundation
import Tensors
import Testing
import Training

@Suite struct RunExplanationTests {
  /// A line of `timings.jsonl` of 10 steps; seconds by stage.
  private func line(
    epoch: Int, worker: Int, seconds: Double, stages: [String: Double], ahead: Bool = true, pulled: Int = 100,
    edges: Int? = nil
  ) -> String {
    let stages = stages.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",")
    let loader =
      ahead ? "\"ahead\":{\"sampleSeconds\":0.4,\"fetchSeconds\":0.2,\"stepsFetched\":4,\"stepsSampled\":9,\"bytes\":5000}," : ""
    let edgeRows =
      edges.map {
        "\"edgeRows\":{\"asked\":\(3 * $0),\"local\":\($0),\"deduplicated\":0,\"cached\":0,\"pulled\":\(2 * $0),\"bytes\":\(8 * $0)},"
      } ?? ""
    return """
      {"epoch":\(epoch),"worker":\(worker),"seconds":\(seconds),"processorSeconds":\(1.5 * seconds),"evaluationSeconds":0,"steps":10,"stages":{\(stages)},\
      "traffic":{"seeds":1,"layers":[],"remoteRows":0,"remoteRowBytes":0,"remoteNodes":0,"storeBytesSent":0,"storeBytesReceived":0,\
      "reduceBytesSent":0},"loading":{\(loader)\(edgeRows)"rowsAsked":1000,"rowsLocal":600,"rowsReplicated":0,"rowsDeduplicated":50,"rowsCached":250,\
      "rowsPulled":\(pulled),"rowBytes":\(4 * pulled),"bytesCopied":\(64 * worker),"planSeconds":0.00035,\
      "peers":[{"worker":\(1 - worker),"rows":\(pulled),"rowBytes":\(4 * pulled),"requests":7,"bytesSent":900,"bytesReceived":\(5 * pulled)}]},"peakMemory":1,"mappedParts":[]}
      """
  }

  private func explain(_ lines: [String], epoch: Int? = nil) throws -> RunExplanation {
    let scratch = try ScratchDirectory()
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: "\(scratch.path)/timings.jsonl"))
    return try RunExplanation(run: scratch.path, epoch: epoch)
  }

  private var lines: [String] {
    [
      line(epoch: 1, worker: 0, seconds: 9, stages: ["wait": 8]), line(epoch: 1, worker: 1, seconds: 9, stages: ["wait": 8]),
      line(epoch: 2, worker: 0, seconds: 1, stages: ["wait": 0.1, "forward": 0.3, "reduce": 0.5]),
      line(epoch: 2, worker: 1, seconds: 1, stages: ["wait": 0.1, "forward": 0.7, "reduce": 0.1]),
      line(epoch: 3, worker: 0, seconds: 2, stages: ["wait": 0.1, "forward": 0.5, "reduce": 1.1, "update": 0.1], pulled: 300),
      line(epoch: 3, worker: 1, seconds: 2, stages: ["wait": 0.3, "forward": 1.3, "reduce": 0.1, "update": 0.1], pulled: 300),
    ]
  }

  @Test func allEpochsButTheFirstAreLookedAt() throws {
    let explanation = try explain(lines)
    #expect(explanation.epochs == [2, 3] && explanation.stepsPerEpoch == 10)
    #expect(explanation.workers.map(\.worker) == [0, 1])
    let worker = explanation.workers[1]
    func near(_ value: Double?, _ expected: Double) -> Bool { abs((value ?? .nan) - expected) < 1e-9 }
    // 3 s over 20 steps.
    #expect(near(worker.milliseconds, 150) && near(worker.stages["wait"], 20) && near(worker.stages["forward"], 100))
    #expect(near(worker.stages["reduce"], 10) && near(worker.stages["sample"], 0) && near(worker.other, 15))
    #expect(near(worker.waitingShare, 20.0 / 150) && worker.loading.bytesCopied == 64)
    #expect(near(worker.processorMilliseconds, 225) && near(worker.planMilliseconds, 0.035))
    #expect(near(worker.busy, 120) && near(worker.ahead?["sample"], 40) && near(worker.ahead?["fetch"], 20))
    #expect(worker.loading.rowsPulled == 200 && worker.loading.peers[0].rows == 200 && worker.loading.peers[0].bytesReceived == 1000)
    let straggler = try #require(explanation.straggler)
    // Worker 0 reduces for 80 ms a step, worker 1 for 10; its forward takes 60 ms more.
    #expect(straggler.worker == 1 && near(straggler.milliseconds, 70))
    #expect(straggler.stage == "forward" && near(straggler.stageMilliseconds, 60))
    #expect(explanation.prediction == nil)
  }

  @Test func oneEpochIsLookedAt() throws {
    let explanation = try explain(lines, epoch: 3)
    #expect(explanation.epochs == [3] && explanation.workers[0].milliseconds == 200 && explanation.workers[0].loading.rowsPulled == 300)
    // What is not loaded ahead is waited for while it is sampled and fetched.
    let stages = ["forward": 1, "sample": 0.5, "fetch": 0.25]
    let alone = try explain([line(epoch: 1, worker: 0, seconds: 3, stages: stages, ahead: false)])
    #expect(alone.workers[0].waitingShare == 0.25)
    #expect(alone.epochs == [1] && alone.straggler == nil && alone.workers[0].ahead == nil)
  }

  @Test func rowsOfEdgesAreCountedByThemselves() throws {
    let counted = (1...3).flatMap { epoch in
      (0...1).map { line(epoch: epoch, worker: $0, seconds: 1, stages: [:], edges: 10 * epoch * (1 + $0)) }
    }
    let loading = try explain(counted).workers.map(\.loading)
    #expect(loading.map(\.edgeRows?.asked) == [75, 150] && loading.map(\.edgeRows?.local) == [25, 50])
    #expect(loading.map(\.edgeRows?.pulled) == [50, 100] && loading.map(\.edgeRows?.bytes) == [200, 400])
    #expect(try explain(lines).workers.allSatisfy { $0.loading.edgeRows == nil })
  }

  @Test func whatCannotBeReadIsNamed() throws {
    let scratch = try ScratchDirectory()
    #expect(
      throws: InputError("\(scratch.path)/timings.jsonl", expected: "the timings of a run", found: "no file that can be read")
    ) { try RunExplanation(run: scratch.path) }
    let error = try #require(throws: InputError.self) { try explain([lines[0], "{\"epoch\":1}"]) }
    #expect(error.description.contains("timings.jsonl:2: expected an epoch's timings as this version writes them"), "\(error)")
    #expect(throws: InputError.self) { try explain([]) }
    let absent = try #require(throws: InputError.self) { try explain(lines, epoch: 4) }
    #expect(absent.description.contains("expected epoch 4, found epochs 1 to 3"), "\(absent)")
  }
}
