import Configuration
import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing
import Training

/// Parts that keep rows and in-edges of other parts' nodes read less from them, and train to the same bits.
@Suite(.serialized) struct ReplicaTrainingTests {
  struct Case: Sendable, CustomStringConvertible {
    var model = TrainingConfiguration.Model.sage
    var sampler = TrainingConfiguration.Sampler.uniform
    /// How the features are stored; `nil`: sparse.
    var type: ElementType? = .float32
    var description: String { "\(model), \(sampler), \(type?.rawValue ?? "sparse")" }
  }

  static let cases = [Case(), Case(model: .gcn, type: .int8), Case(sampler: .labor), Case(type: nil)]

  private static func write(
    _ graph: RawGraph, into parts: Int, replicas: Double, hops: Int, types: TableTypes, at path: String
  ) throws -> Manifest {
    var options = PartitionOptions(partCount: parts, method: .random, seed: 3)
    options.batches = ExpectedBatches(fanout: "4,3", limits: [[4], [3]], batchSize: 6)
    options.replicas = replicas
    let assignment = try Partitioner.assign(graph, options, threads: Threads(1))
    return try PartitionWriter.write(graph, assignment, to: path, types: types, haloHops: hops, threads: Threads(1))
  }

  @Test(arguments: cases)
  func replicasChangeWhatIsReadAndNotABit(_ example: Case) throws {
    let scratch = try ScratchDirectory()
    var planted = PlantedGraph()
    planted.sparse = example.type == nil
    planted.columns = example.type == nil ? 40 : 13
    var training = try DeterminismTests.training(order: .balanced)
    training.model = example.model
    training.sampler = example.sampler
    func run(_ replicas: Double, _ hops: Int, workers: Int = 2) throws -> DeterminismTests.Outcome {
      let path = "\(scratch.path)/parts-\(replicas)-\(hops)"
      if !FileManager.default.fileExists(atPath: path) {
        let types = example.type == .float32 ? TableTypes() : TableTypes(example.type)
        _ = try Self.write(planted.graph, into: 2, replicas: replicas, hops: hops, types: types, at: path)
        #expect(try Verifier.verify(path, against: planted.graph) == [])
      }
      return try DeterminismTests.run(path, training: training, workers: workers, threads: 2, mapPeers: false, into: scratch)
    }
    let plain = try run(0, 0)
    for (replicas, hops) in [(0.2, 0), (0, 1), (0.3, 2), (5, 0)] {
      let outcome = try run(replicas, hops)
      let name = "\(replicas) replicas, \(hops) hops"
      #expect(outcome.metrics == plain.metrics, "metrics with \(name)")
      #expect(outcome.model == plain.model, "model with \(name)")
      #expect(outcome.scores == plain.scores, "scores with \(name)")
      let (before, after) = (plain.summary.traffic, outcome.summary.traffic)
      #expect(after.layers == before.layers && after.seeds == before.seeds, "batches with \(name)")
      #expect(after.remoteNodes < before.remoteNodes, "nodes asked with \(name)")
      #expect(replicas > 0 ? after.remoteRows < before.remoteRows : after.remoteRows == before.remoteRows, "rows pulled with \(name)")
      // Everything that a batch can reach is here.
      if replicas == 5 { #expect(after.remoteRows == 0 && after.remoteNodes == 0) }
    }
    #expect(try run(0.2, 0, workers: 1).model == plain.model)
  }

  /// The rows that a report expects are near those that training pulls, and the saved ones near those that it then does not pull: on planted
  /// groups, where edges lead back, probabilities are a few percent too high, of the rows that are read most often more than of others.
  @Test func expectedRowsAreNearThoseThatTrainingPulls() throws {
    let scratch = try ScratchDirectory()
    let graph = PlantedGraph().graph
    let training = try DeterminismTests.training(order: .balanced)
    var pulled: [Double] = []
    var expected: ExpectedReads?
    for replicas in [0, 0.25] {
      let path = "\(scratch.path)/parts-\(replicas)"
      expected = try Self.write(graph, into: 3, replicas: replicas, hops: 0, types: TableTypes(), at: path).expectedReads
      // A cache would keep rows that the forecast counts again in every step.
      let outcome = try DeterminismTests.run(path, training: training, workers: 3, threads: 1, mapPeers: false, into: scratch) {
        $0.cache = .none
      }
      pulled.append(Double(outcome.summary.traffic.remoteRows) / Double(training.epochs))
    }
    let reads = try #require(expected)
    #expect(reads.steps == 20)
    #expect(abs(reads.totalRows / pulled[0] - 1) < 0.1, "\(reads.totalRows) rows an epoch expected, \(pulled[0]) pulled")
    let saved = pulled[0] - pulled[1]
    #expect(abs(reads.totalReplicated / saved - 1) < 0.2, "\(reads.totalReplicated) rows an epoch expected, \(saved) saved")
  }
}
