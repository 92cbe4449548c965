import Benchmarks
import Foundation
import Kernels
import Tensors
import Testing

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

  @Test func lossesAreThoseOfTheTask() throws {
    var request = request(.descent)
    request.learningRate = 60  // Large enough for rows that come again to be elsewhere.
    let report = try EmbeddingBenchmark.run(request)
    let expected = losses(request)
    for (found, exact) in zip(report.losses, expected) { #expect(abs(found - exact) <= 1e-6 * exact, "\(report.losses), \(expected)") }
    #expect(report.losses.count == 12)
  }

  @Test func whatIsReportedFitsTogether() throws {
    for (optimizer, state) in [(RowOptimizer.descent, 0), (.adagrad(), 20), (.rowAdagrad(), 4), (.adam(), 40)] {
      let report = try EmbeddingBenchmark.run(request(optimizer))
      #expect(report.valueBytes == 2_003 * 20 && report.stateBytes == 2_003 * state)
      for rate in [report.reads, report.updates, report.pushesAndUpdates, report.limit] { #expect(rate.lowest > 0) }
      #expect(report.pushesAndUpdates.median <= report.updates.highest)
      #expect(try JSONDecoder().decode(EmbeddingReport.self, from: JSONEncoder().encode(report)).losses == report.losses)
    }
    var small = request(.adagrad())
    small.rows = 1_000
    #expect(throws: InputError.self) { try EmbeddingBenchmark.run(small) }
  }
}
