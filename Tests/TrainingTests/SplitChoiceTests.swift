import Configuration
import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing
import Training

/// `--split` chooses among the splits of a partition.
@Suite(.serialized) struct SplitChoiceTests {
  /// The planted graph with the splits in this order; parts do not depend on it.
  private func write(_ splits: [Split], to directory: String) throws {
    var graph = PlantedGraph().graph
    graph.nodes[0].splits = splits
    let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: 3, method: .random, seed: 3), threads: Threads(1))
    try PartitionWriter.write(graph, assignment, to: directory, threads: Threads(1))
  }

  @Test(arguments: [TrainingConfiguration.Order.balanced, .global])
  func trainingWithALaterSplitIsTrainingWithItAlone(order: TrainingConfiguration.Order) throws {
    let scratch = try ScratchDirectory()
    let ids = (0..<240 as Range<UInt32>).map { $0 }
    let first = Split(name: "first", train: Array(ids[..<30]), validation: Array(ids[30..<60]), test: Array(ids[60...]))
    let second = Split(name: "second", train: Array(ids[150..<230]), validation: Array(ids[..<40]), test: Array(ids[40..<150]))
    try write([first, second], to: "\(scratch.path)/both")
    try write([second], to: "\(scratch.path)/alone")
    var training = try DeterminismTests.training(order: order)
    let alone = try DeterminismTests.run(
      "\(scratch.path)/alone", training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    let unnamed = try DeterminismTests.run(
      "\(scratch.path)/both", training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    training.split = "second"
    let named = try DeterminismTests.run(
      "\(scratch.path)/both", training: training, workers: 2, threads: 1, mapPeers: false, into: scratch)
    #expect(named.metrics == alone.metrics)
    #expect(unnamed.metrics != alone.metrics)
    training.split = "first"
    let chosen = try DeterminismTests.run(
      "\(scratch.path)/both", training: training, workers: 1, threads: 1, mapPeers: true, into: scratch)
    #expect(chosen.metrics == unnamed.metrics)
  }

  @Test func unknownSplitIsOneLineThatListsTheNames() throws {
    let scratch = try ScratchDirectory()
    try write([Split(name: "a", train: [0]), Split(name: "b", train: [1])], to: "\(scratch.path)/parts")
    var training = try DeterminismTests.training(order: .balanced)
    training.split = "c"
    let error = #expect(throws: (any Error).self) {
      try DeterminismTests.run("\(scratch.path)/parts", training: training, workers: 2, threads: 1, mapPeers: true, into: scratch)
    }
    #expect(error.map { "\($0)" } == "--split: expected a split of the partition (a, b), found 'c'")
  }
}
