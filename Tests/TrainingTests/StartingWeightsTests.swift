import Collectives
import Configuration
import Foundation
import Tensors
import Testing
import Training

/// Runs that begin with another model's weights.
@Suite(.serialized) struct StartingWeightsTests {
  private let scratch: ScratchDirectory

  init() throws { scratch = try ScratchDirectory() }

  private func parts(classes: Int) throws -> String {
    let parts = "\(scratch.path)/parts-\(classes)"
    if FileManager.default.fileExists(atPath: parts) { return parts }
    try PlantedGraph(classes: classes).partition(into: 4, at: parts)
    return parts
  }

  /// Trains one epoch with a learning rate that changes no weight, so that the model is what the run began with.
  private func begin(
    _ name: String, classes: Int = 4, seed: UInt64, from model: String?, workers: Int = 1, hidden: Int = 8, layers: Int = 2
  ) throws -> (model: SafeTensorsFile, lines: String) {
    var training = try DeterminismTests.training(order: .balanced)
    (training.hidden, training.seed, training.epochs, training.learningRate) = (hidden, seed, 1, 1e-30)
    training.fanout = try Fanout(parsing: Array(repeating: "3", count: layers).joined(separator: ","))
    training.weightDecay = [0]
    let run = "\(scratch.path)/\(name)"
    var request = TrainingJob.Request(
      partitions: try parts(classes: classes), run: run, training: training, execution: ExecutionConfiguration())
    request.watched = false
    request.startingModel = model.map { "\(scratch.path)/\($0)" }
    let job = request
    nonisolated(unsafe) var lines = ""  // Safe: worker 0 alone reports, and has ended when the lines are read.
    _ = try InProcessGroup.run(size: workers) { group in
      try TrainingJob(job, group: group, report: { lines += $0 + "\n" }).run()
    }
    return (try SafeTensorsFile(mapping: "\(run)/model.safetensors"), lines)
  }

  /// Whether two files hold the same values, but for what so small a rate can change of a zero.
  private func near(_ a: SafeTensorsFile, _ b: SafeTensorsFile, _ name: String) throws -> Bool {
    let (a, b) = (try #require(a[name]), try #require(b[name]))
    return a.shape == b.shape && zip(a.floats, b.floats).allSatisfy { abs($0 - $1) < 1e-25 }
  }

  @Test func allWeightsAreTakenOnEveryWorker() throws {
    let first = try begin("first", seed: 1, from: nil).model
    let other = try begin("other", seed: 2, from: nil).model
    for (index, model) in ["first", "first/model.safetensors"].enumerated() {
      let tuned = try begin("tuned-\(index)", seed: 2, from: model, workers: 3).model
      for name in first.names {
        #expect(try near(tuned, first, name), "\(name)")
        if name.hasSuffix("weight") { #expect(try !near(other, first, name)) }
      }
    }
  }

  @Test func anOutputLayerOfOtherClassesBeginsAnew() throws {
    let first = try begin("first", seed: 1, from: nil).model
    let fresh = try begin("fresh", classes: 3, seed: 2, from: nil).model
    let (tuned, lines) = try begin("tuned", classes: 3, seed: 2, from: "first", workers: 2)
    #expect(lines.contains("first has other classes: layers.1.self.weight, layers.1.neighbor.edge.weight, layers.1.bias begin with"))
    for name in tuned.names {
      let origin = name.hasPrefix("layers.1.") ? fresh : first
      #expect(try near(tuned, origin, name), "\(name)")
    }
  }

  @Test func anyOtherDifferenceIsOneLineThatNamesIt() throws {
    _ = try begin("first", seed: 1, from: nil)
    func refusal(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "no error"
      } catch { return "\(error)".replacing(scratch.path + "/", with: "") }
    }
    let wide = refusal { _ = try begin("wide", seed: 1, from: "first", hidden: 9) }
    #expect(
      wide.hasPrefix(
        "first/model.safetensors: expected the parameters of this model, found others: layers.0.self.weight (float32 [12, 8], here [12, 9])"
      ))
    let deep = refusal { _ = try begin("deep", seed: 1, from: "first", workers: 2, layers: 3) }
    #expect(deep.contains("layers.2.bias (not in the file)"))
    let shallow = refusal { _ = try begin("shallow", seed: 1, from: "first", layers: 1) }
    #expect(shallow.contains("layers.1.bias (not in this model)"))
    #expect(refusal { _ = try begin("none", seed: 1, from: "absent") } == "open absent: No such file or directory")
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
    #expect(Set(left).isSubset(of: ["first", "parts-4"]), "\(left)")
  }
}
