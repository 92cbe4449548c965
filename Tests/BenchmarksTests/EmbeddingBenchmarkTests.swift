import Benchmarks
import Collectives
import Foundation
import Kernels
import Tensors
import Testing
import Training

@Suite(.serialized) struct EmbeddingBenchmarkTests {
  private func request(_ optimizer: RowOptimizer) -> EmbeddingBenchmark.Request {
    var request = EmbeddingBenchmark.Request()
    (request.rows, request.columns, request.batch, request.steps) = (2_003, 5, 60, 12)
    (request.timedRows, request.trials, request.optimizer, request.learningRate) = (400, 2, optimizer, 0.5)
    return request
  }

  /// The task by itself, in float64: rows in a dictionary, gradients of all parts added.
  private func losses(_ request: EmbeddingBenchmark.Request) -> [Double] {
    let key = RandomKey(seed: 0, purpose: .initialValue, layer: 0, relation: 1)
    var rows: [Int: [Double]] = [:]
    func initial(_ row: Int) -> [Double] {
      (0..<request.columns).map { column in
        let word = key.bits(id: UInt64(row), step: 0, block: UInt32(column / 4))[column % 4]
        return (2 * Double(word >> 8) / 16_777_216 - 1) * (3 / Double(request.columns)).squareRoot()
      }
    }
    return (0..<request.steps).map { step in
      var (loss, gradients) = (0.0, [Int: [Double]]())
      for part in 0..<4 {
        for index in 0..<request.batch {
          let row = 2_654_435_761 * (step * 4 * request.batch + part * request.batch / 2 + index) % request.rows
          let values = rows[row] ?? initial(row)
          let distance = values.indices.map { values[$0] - (Double((31 * row + 7 * $0) % 127) / 64 - 1) }
          loss += distance.reduce(0) { $0 + $1 * $1 } / 2
          gradients[row] = zip(gradients[row] ?? values.map { _ in 0 }, distance).map { $0 + $1 }
          rows[row] = values
        }
      }
      let count = Double(4 * request.batch)
      for (row, gradient) in gradients { rows[row] = zip(rows[row]!, gradient).map { $0 - request.learningRate * $1 / count } }
      return loss / count
    }
  }

  private func report(_ request: EmbeddingBenchmark.Request) throws -> EmbeddingReport {
    try #require(try EmbeddingBenchmark.run(request, group: InProcessGroup.alone()))
  }

  @Test func lossesAreThoseOfTheTask() throws {
    var request = request(.descent)
    request.learningRate = 60  // Large enough for rows that come again to be elsewhere.
    let report = try report(request)
    let expected = losses(request)
    for (found, exact) in zip(report.losses, expected) { #expect(abs(found - exact) <= 1e-6 * exact, "\(report.losses), \(expected)") }
    #expect(report.losses.count == 12)
  }

  @Test func whatIsReportedFitsTogether() throws {
    for (optimizer, state) in [(RowOptimizer.descent, 0), (.adagrad(), 20), (.rowAdagrad(), 4), (.adam(), 40)] {
      let report = try report(request(optimizer))
      #expect(report.valueBytes == 2_003 * 20 && report.stateBytes == 2_003 * state && report.memory.count == 1)
      for measured in [report.own.reads, report.own.updates, report.own.pushesAndUpdates] { #expect(measured.rate.lowest > 0) }
      #expect(report.own.pushesAndUpdates.rate.median <= report.own.updates.rate.highest && report.mixed == nil)
      #expect(try JSONDecoder().decode(EmbeddingReport.self, from: JSONEncoder().encode(report)).losses == report.losses)
    }
    var small = request(.adagrad())
    small.rows = 1_000
    #expect(throws: InputError.self) { try report(small) }
    var remote = request(.adagrad())
    remote.remoteShare = 0.1
    #expect(throws: InputError.self) { try report(remote) }
  }

  @Test(arguments: [RowOptimizer.adagrad(), .adam()])
  func anyNumberOfWorkersHasTheSameLosses(_ optimizer: RowOptimizer) throws {
    var request = request(optimizer)
    let alone = try report(request)
    request.remoteShare = 0.3
    for workers in 2...4 {
      let reports = try InProcessGroup.run(size: workers) { [request] group in try EmbeddingBenchmark.run(request, group: group) }
      let report = try #require(reports[0])
      #expect(report.losses.map(\.bitPattern) == alone.losses.map(\.bitPattern), "\(workers) workers")
      #expect(reports.dropFirst().allSatisfy { $0 == nil } && report.workers == workers && report.memory.count == workers)
      #expect(report.memory.map(\.valueBytes).reduce(0, +) == alone.valueBytes && report.stateBytes == alone.stateBytes)
      let mixed = try #require(report.mixed)
      #expect(mixed.reads.rate.lowest > 0 && mixed.updates.rate.lowest > 0 && report.remoteShare == 0.3)
    }
    #expect(throws: WorkerError.self) {
      try InProcessGroup.run(size: 5) { [request] group in try EmbeddingBenchmark.run(request, group: group) == nil }
    }
  }
}
