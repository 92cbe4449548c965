import Collectives
import Configuration
import Datasets
import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing
import Training

/// With `--order global` the mathematics is the same for every number of parts: only the order of float sums differs.
@Suite(.serialized) struct PartCountTests {
  static let folder: String = {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../shared/datasets").standardized
    return (ProcessInfo.processInfo.environment["HALO_DATASETS"] ?? here.path) + "/coauthor-cs"
  }()

  /// The losses of every step of the first epoch on `parts` parts.
  private func losses(of graph: RawGraph, parts: Int, in scratch: ScratchDirectory) throws -> [Double] {
    let directory = "\(scratch.path)/parts-\(parts)"
    let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: parts, seed: 1), threads: Threads(2))
    try PartitionWriter.write(graph, assignment, to: directory, threads: Threads(2))
    var training = TrainingConfiguration()
    training.hidden = 64
    training.fanout = try Fanout(parsing: "10,5")
    training.batchSize = 15
    training.epochs = 1
    training.seed = 3
    training.learningRate = 0.1
    training.optimizer = .sgd
    training.dropout = 0
    training.order = .global
    training.evalEvery = 0
    let outcome = try DeterminismTests.run(
      directory, training: training, workers: parts > 1 ? 2 : 1, threads: 1, mapPeers: false, into: scratch)
    struct Line: Decodable {
      var step: Int?
      var loss: Double?
    }
    return try String(decoding: outcome.metrics, as: UTF8.self).split(separator: "\n").compactMap { text in
      let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
      return line.step.flatMap { _ in line.loss }
    }
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: folder), "no coauthor-cs at \(folder); set HALO_DATASETS"))
  func fourPartsLoseWhatOneLoses() throws {
    let scratch = try ScratchDirectory()
    let graph = try DatasetConverter(split: "random-0").convert(folder: Self.folder)
    let one = try losses(of: graph, parts: 1, in: scratch)
    let four = try losses(of: graph, parts: 4, in: scratch)
    #expect(one.count == 20 && four.count == 20, "300 training nodes, 15 a step")
    for (step, (a, b)) in zip(one, four).enumerated() {
      #expect(abs(a - b) <= 1e-5 * abs(a), "step \(step + 1): \(a) against \(b)")
    }
    #expect(one != four, "the order of sums differs, so some bits do: the runs are not one and the same")
    #expect(try #require(one.last) < one[0], "the model learns")
  }
}
