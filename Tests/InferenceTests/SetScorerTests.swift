import Collectives
import Foundation
import Graphs
import Inference
import Kernels
import Partitioning
import Partitions
import Tensors
import Testing

/// Scores of given outputs, the nodes spread over three parts: literal values of scikit-learn 1.9, for any number of workers.
@Suite struct SetScorerTests {
  /// Nodes 0, 1, … with these outputs and targets; a node more, at the end, has no target.
  private struct Example {
    var outputs: [[Float]]
    var labels: [Int32]?
    var targets: [[Float]]?

    var nodes: Int { outputs.count + 1 }

    var graph: RawGraph {
      var tables: [String: FeatureTable] = [:]
      if let targets {
        let values = targets.flatMap { $0 } + [Float](repeating: .nan, count: targets[0].count)
        tables["label"] = .dense(DenseRows(floats: Buffer(copying: values), rows: nodes, columns: targets[0].count))
      }
      let data = NodeData(
        count: nodes, tables: tables, labels: labels.map { ArrayView($0 + [-1]) }, classCount: labels == nil ? 0 : outputs[0].count,
        split: Split(train: [], validation: [], test: (0..<UInt32(nodes)).map { $0 }))
      return RawGraph(
        name: "scores", schema: .plain, nodes: [data], edges: [EdgeList(sources: ArrayView([0]), destinations: ArrayView([1]))])
    }

    /// The same scores from every worker.
    func score(_ loss: Loss, workers: Int, ranks: Bool = true) throws -> SetScores {
      let directory = NSTemporaryDirectory() + "halo-scores-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: directory) }
      let graph = graph
      let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: 3, method: .random, seed: 5), threads: Threads(1))
      try PartitionWriter.write(graph, assignment, to: directory, threads: Threads(1))
      let everyone = try InProcessGroup.run(size: workers) { group -> SetScores in
        let manifest = try Manifest.load(directory)
        let assignment = try PartAssignment(parts: 3, workers: workers)
        let parts = try assignment.parts(of: group.rank).map { try LocalPartition(directory: directory, manifest: manifest, part: $0) }
        let targets = parts.map { part -> NodeTargets in
          guard case .dense(let rows) = part.nodes[0].tables["label"] else {
            return NodeTargets(.labels(part.nodes[0].labels!), part: part, nodeType: 0)
          }
          return NodeTargets(.rows(rows), part: part, nodeType: 0)
        }
        let set = HeldOutSet(parts: parts, targets: targets) { $0.split(0, type: 0).test }
        let all = parts.map { part -> Matrix in
          let matrix = Matrix(rows: part.innerCount, columns: outputs[0].count)
          for row in 0..<part.innerCount where part.original[row] < outputs.count {
            for (column, value) in outputs[Int(part.original[row])].enumerated() { matrix.view[row, column] = value }
          }
          return matrix
        }
        let reducer = GradientReducer(group: group, assignment: assignment, elementCount: 1, threads: Threads(1))
        let scorer = SetScorer(
          loss: loss, outputs: outputs[0].count, ranks: ranks, group: group, reducer: reducer, threads: Threads(1))
        return try scorer.score(set, rows: set.rows(of: all))
      }
      for scores in everyone { #expect(scores == everyone[0]) }
      return everyone[0]
    }
  }

  private func expect(_ scores: Scores, _ expected: [Score: Double]) {
    #expect(Set(scores.names) == Set(expected.keys))
    for (name, value) in expected { #expect(abs((scores[name] ?? .nan) - value) < 1e-7, "\(name.rawValue): \(scores[name] ?? .nan)") }
  }

  @Test func oneClassOfThree() throws {
    let example = Example(
      outputs: [
        [2, 0.5, -1], [0.1, 0.2, 0.3], [1.5, 1, 0], [-0.5, 2, 0.4], [0, -1, 1.2], [0.3, 0.9, 1.1], [1, -0.2, 0.6], [0.2, 0.1, -0.4],
        [-1, 0.6, 0.5],
      ], labels: [0, 2, 1, 1, 2, 1, 0, 1, 2])
    let loss = Loss.softmaxCrossEntropy(classWeights: nil, smoothing: 0)
    let alone = try example.score(loss, workers: 1)
    expect(
      alone.scores,
      [
        .accuracy: 5.0 / 9, .loss: 0.7203108484505929, .microF1: 5.0 / 9, .macroF1: 0.5555555555555555, .auc: 0.8724867724867725,
        .averagePrecision: 0.8032407407407408,
      ])
    #expect(alone.classes.map(\.support) == [2, 4, 3])
    for workers in 2...3 { #expect(try example.score(loss, workers: workers) == alone) }
    expect(
      try example.score(loss, workers: 2, ranks: false).scores,
      [.accuracy: 5.0 / 9, .loss: 0.7203108484505929, .microF1: 5.0 / 9, .macroF1: 0.5555555555555555])
  }

  /// Of two classes the second is the positive one; the logits' difference orders as its probability does.
  @Test func oneClassOfTwo() throws {
    let odds: [Float] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4, 0.05]
    let example = Example(outputs: odds.map { [0.25 - $0, 0.25 + $0] }, labels: [0, 0, 1, 1, 1, 1, 0, 0])
    let loss = Loss.softmaxCrossEntropy(classWeights: nil, smoothing: 0)
    let scores = try example.score(loss, workers: 1)
    #expect(scores.scores[.auc] == 0.8125)
    #expect(abs(scores.scores[.averagePrecision]! - 0.8166666666666667) < 1e-15)
    #expect(scores.scores[.accuracy] == 0.5 && scores.classes[1].recall == 1 && scores.classes[0].precision == 0)
    for workers in 2...3 { #expect(try example.score(loss, workers: workers) == scores) }
  }

  @Test func severalLabels() throws {
    let example = Example(
      outputs: [[0.5, -1, 2], [1.5, 0.2, -0.3], [-0.7, 0.9, 0.1], [-2, -0.4, 0.8], [0.3, 1.1, -1.2], [0.6, -0.9, 0.4]],
      targets: [[1, 0, 1], [1, 1, 0], [0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]])
    let alone = try example.score(.binaryCrossEntropy(smoothing: 0), workers: 1)
    expect(
      alone.scores,
      [
        .accuracy: 14.0 / 18, .loss: 0.5202547056775505, .microF1: 0.8, .macroF1: 0.7936507936507936, .auc: 0.8148148148148149,
        .averagePrecision: 0.8425925925925926,
      ])
    #expect(alone.classes.map(\.support) == [3, 3, 3])
    for workers in 2...3 { #expect(try example.score(.binaryCrossEntropy(smoothing: 0), workers: workers) == alone) }
  }

  @Test func numbers() throws {
    let example = Example(
      outputs: [[1.5, -0.5], [0.2, 2], [3, 0.25], [-1, 1]], targets: [[1, 0], [0.5, 1.5], [2.5, 0.75], [-0.5, 2]])
    let alone = try example.score(.squaredError, workers: 1)
    expect(alone.scores, [.loss: 0.32375, .meanAbsoluteError: 0.5375, .determination: 0.5294476190476191])
    #expect(alone.classes.isEmpty)
    for workers in 2...3 { #expect(try example.score(.squaredError, workers: workers) == alone) }
  }

  /// Entries that are not known are as if they were not there.
  @Test func unknownTargetsDoNotCount() throws {
    let whole = Example(outputs: [[0.5], [1.5], [-0.7], [0.3]], targets: [[1], [0], [0], [1]])
    var holes = Example(outputs: [[0.5], [9], [1.5], [-0.7], [-9], [0.3]], targets: [[1], [.nan], [0], [0], [.nan], [1]])
    for loss in [Loss.binaryCrossEntropy(smoothing: 0), .squaredError] {
      let expected = try whole.score(loss, workers: 1)
      expect(
        try holes.score(loss, workers: 3).scores,
        Dictionary(uniqueKeysWithValues: expected.scores.names.map { ($0, expected.scores[$0]!) }))
    }
    holes.targets = holes.outputs.map { _ in [.nan] }
    #expect(try holes.score(.squaredError, workers: 2) == SetScores())
  }
}
