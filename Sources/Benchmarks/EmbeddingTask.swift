import Graphs
import KVStore
import Kernels
import Telemetry
import Tensors

/// The made-up task of `EmbeddingBenchmark`.
///
/// In step `t`, part `p` of 4 reads `B` different rows, of which the next part reads the second half as well; row `i` of them is
/// `2654435761·(t·4·B + p·B/2 + i) mod rows`. A row's target is `((31·row + 7·column) mod 127) / 64 − 1`. The loss is half the squared
/// distance to the targets, summed over columns, mean over the rows of all parts. Rows lie anywhere: of a part's, the share that other
/// workers own is about that of their parts.
final class EmbeddingTask {
  /// A prime: rows of consecutive numbers differ, unless the table has a multiple of it.
  static let stride = 2_654_435_761

  private let request: EmbeddingBenchmark.Request
  private let worker: EmbeddingWorker
  private let arena = RowArena()
  /// Rows of each own part, and their targets.
  private let ids: [Buffer<GlobalID>]
  private let targets: [Matrix]
  private let gradient: Matrix

  init(_ request: EmbeddingBenchmark.Request, _ worker: EmbeddingWorker) {
    (self.request, self.worker) = (request, worker)
    ids = worker.ownParts.map { _ in Buffer(count: request.batch) }
    targets = worker.ownParts.map { _ in Matrix(rows: request.batch, columns: request.columns) }
    gradient = Matrix(rows: request.batch, columns: request.columns)
  }

  /// Takes all steps; a collective call.
  ///
  /// - Returns: The loss of every step before it is taken, over all parts, and the wall seconds of all steps without drawing rows.
  func run() throws -> (losses: [Double], seconds: Double) {
    var seconds: [Double] = []
    let losses = try (0..<request.steps).map { step in
      draw(step)
      try worker.group.barrier()
      let begin = MonotonicClock.now()
      let sums = try self.step(step)
      seconds.append(Double(max(1, MonotonicClock.now() - begin)) * 1e-9)
      // Parts are added in their order, whoever owns them.
      let all = try worker.group.allGather(sums.withUnsafeBytes { Array($0) }).flatMap { bytes in
        bytes.withUnsafeBytes { raw in (0..<raw.count / 8).map { raw.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) } }
      }
      return all.reduce(0, +) / Double(EmbeddingBenchmark.partCount * request.batch)
    }
    return (losses, try worker.group.slowest(seconds).reduce(0, +))
  }

  /// Draws the rows of a step and their targets.
  private func draw(_ step: Int) {
    let batch = request.batch
    for (index, part) in worker.ownParts.enumerated() {
      let first = step * EmbeddingBenchmark.partCount * batch + part * batch / 2
      for place in 0..<batch {
        let row = (first + place) &* Self.stride % request.rows
        ids[index].pointer[place] = GlobalID(Int64(row))
        let target = targets[index].view.row(place)
        for column in 0..<request.columns { target[column] = Float((31 &* row &+ 7 &* column) % 127) / 64 - 1 }
      }
    }
  }

  /// One step; for each own part, the sum of what its rows lose.
  private func step(_ step: Int) throws -> [Double] {
    let (threads, table) = (worker.threads, worker.table)
    let lists = ids.map { UnsafeBufferPointer($0.elements) }
    let rows = try worker.store.resolve(lists, step: UInt32(step), into: arena, threads: threads)
    let sums = try worker.ownParts.enumerated().map { index, part in
      let sum = distance(rows[index], targets[index].view, into: gradient.view)
      _ = try worker.push.add(part: part, nodes: lists[index], gradient: gradient.view, threads: threads)
      return sum
    }
    try worker.push.send()
    let count = Double(EmbeddingBenchmark.partCount * request.batch)
    try table.apply(learningRate: request.learningRate, gradientScale: 1 / count, threads: threads)
    return sums
  }

  /// Writes rows less their targets, and returns half the sum of their squares.
  private func distance(_ rows: InputRows, _ targets: MatrixView, into gradient: MatrixView) -> Double {
    let source = RowSource(rows, segments: SegmentTable())
    let sums = Buffer<Double>(count: (targets.rows + 255) / 256)
    worker.threads.forEachChunk(of: targets.rows, by: 256) { chunk in
      Gather.copy(from: chunk.lowerBound, of: source, into: gradient.rows(chunk))
      var sum = 0.0
      for index in chunk {
        let (row, target) = (gradient.row(index), targets.row(index))
        for column in 0..<gradient.columns {
          row[column] -= target[column]
          sum += Double(row[column]) * Double(row[column])
        }
      }
      sums.pointer[chunk.lowerBound / 256] = sum
    }
    return withExtendedLifetime(sums) { sums.elements.reduce(0, +) / 2 }
  }
}
