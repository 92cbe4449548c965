import Benchmarks
import Collectives
import Configuration
import Foundation
import Graphs
import Partitioning
import Partitions
import Tensors
import Testing
import Training

/// Whole measurements on a small graph: what they check holds, and what they report fits together.
@Suite(.serialized) struct BenchmarkRunTests {
  /// A partition of 600 nodes in a folder of its own.
  private final class Parts {
    let path: String

    init(_ count: Int) throws {
      path = FileManager.default.temporaryDirectory.appendingPathComponent("halo-bench-test-\(UUID().uuidString)").path
      var communities = Generators.Communities(nodes: 600, edges: 7200, groupSize: 50, superGroups: 4, seed: 3)
      (communities.classes, communities.features) = (4, 20)
      communities.split = SplitFractions(train: 0.5, validation: 0.25, test: 0.25)
      let graph = try communities.generate(threads: Threads(1))
      let assignment = try Partitioner.assign(graph, PartitionOptions(partCount: count, method: .random), threads: Threads(1))
      try PartitionWriter.write(graph, assignment, to: path, threads: Threads(1))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private func kernels(_ parts: Parts) -> KernelBenchmark.Request {
    var request = KernelBenchmark.Request(partitions: parts.path, limits: [[5], [3]])
    (request.batchSize, request.batches, request.trials, request.hidden) = (60, 2, 1, 16)
    (request.widths, request.threads) = ([20, 100], [1, 2])
    return request
  }

  @Test(arguments: [1, 3])
  func everyKernelEqualsItsReferenceAndIsTimed(parts: Int) throws {
    let parts = try Parts(parts)
    for placement in ["mapped", "resident"] {
      var request = kernels(parts)
      request.placement = placement == "mapped" ? .mapped : .resident
      let report = try KernelBenchmark.run(request) { _ in }
      #expect(report.nodes == 600 && report.edges == 7200 && report.placement == placement)
      #expect(Set(report.results.map(\.kernel)) == Set(KernelBenchmark.Kernel.allCases))
      for result in report.results {
        #expect(result.work > 0 && result.rate.lowest > 0 && result.seconds.lowest <= result.seconds.highest, "\(result)")
      }
      for result in report.results where result.kernel == .fused {
        #expect(result.share != nil && result.bytesPerByte == 1)
        #expect(result.lineBytesPerByte == (result.columns == 20 ? 1.6 : 1.12))
      }
      #expect(try JSONDecoder().decode(KernelReport.self, from: JSONEncoder().encode(report)).results.count == report.results.count)
    }
    #expect(try KernelBenchmark.runOnce(kernels(parts)) % 80 == 0)
    withExtendedLifetime(parts) {}
  }

  @Test func typesThatNoKernelReadsAreRefused() throws {
    let parts = try Parts(1)
    var request = kernels(parts)
    request.elementType = .int64
    #expect(throws: InputError.self) { try KernelBenchmark.run(request) { _ in } }
    withExtendedLifetime(parts) {}
  }

  @Test(arguments: [(1, 1), (2, 2), (2, 5), (3, 4)])
  func collectiveCallsAreRightAndCounted(workers: Int, parts: Int) throws {
    let reports = try InProcessGroup.run(size: workers) { group in
      var request = CollectiveBenchmark.Request(elements: 10_001)
      (request.parts, request.trials) = (parts, 2)
      return try CollectiveBenchmark.run(request, group: group)
    }
    let report = try #require(reports[0])
    #expect(reports.dropFirst().allSatisfy { $0 == nil })
    #expect(report.workers == workers && report.parts == parts && report.calls.map(\.name) == ["reduce", "all-gather"])
    // Every worker misses all slices but its own.
    #expect(report.calls[1].bytesSent == 4 * 10_001 * (workers - 1))
    #expect(workers == 1 || report.calls[0].bytesSent >= 4 * 10_001 * (workers - 1))
  }

  @Test(arguments: [TrainingConfiguration.Model.sage, .gcn, .gat, .gin, .sagePool, .gatv2])
  func limitsOfEveryKindOfLayerAndAPlan(model: TrainingConfiguration.Model) throws {
    let parts = try Parts(2)
    var training = TrainingConfiguration()
    training.model = model
    training.fanout = try Fanout(parsing: "5,3")
    (training.hidden, training.batchSize, training.epochs) = (16, 100, 1)
    if model == .gat || model == .gatv2 { (training.heads, training.outputHeads) = (2, 2) }
    var request = TrainingJob.Request(
      partitions: parts.path, run: nil, training: training, execution: ExecutionConfiguration())
    request.watched = false
    let report = try #require(try EpochBenchmark.run(request, epochs: 1, group: InProcessGroup.alone()) { _ in })
    #expect(report.steps == 3 && report.traffic.seeds == 300)
    #expect(report.limits.seconds > 0 && abs(report.shareOfLimit - report.limits.seconds / report.seconds.median) < 1e-12)
    for stage in ["sample", "forward", "backward", "update"] {
      #expect(report.limits.stages[stage]! > 0 && report.limits.formulas[stage] != nil, "\(stage)")
    }
    #expect(report.limits.formulas["forward"]!.contains("layer 0 "))

    var plan = try EpochPlanner.Request(partitions: parts.path, training: training, workers: 2, cores: 1)
    let mapped = try EpochPlanner(plan, measured: report, asked: nil).plan()
    #expect(mapped.steps == 3 && mapped.seconds > 0 && mapped.bytes["fetch"] == 0 && mapped.bytes["reduce"]! > 0)
    // Every part has half of the seeds, and blocks as large as those of the run.
    #expect(abs(mapped.batch.seeds - 50) < 1)
    #expect(abs(mapped.batch.layers[0].edges * 6 / Double(report.traffic.layers[0].edges) - 1) < 0.1)
    plan.networkBytesPerSecond = 1e9
    plan.nodes = 6000
    let asked = try EpochPlanner(plan, measured: report, asked: nil).plan()
    #expect(asked.steps == 30 && asked.bytes["fetch"]! > 0 && asked.nodes == 6000 && asked.edges == 72_000)
    #expect(!asked.assumptions.isEmpty && !asked.description.isEmpty)
    withExtendedLifetime(parts) {}
  }
}
