import Graphs
import KVStore
import Kernels
import Telemetry
import Tensors

/// Times reads and updates of random rows on all workers at once, beside what the machine does with the same memory.
///
/// Every body begins on all workers together. All have rows of their own: what one body leaves in the caches serves no other.
final class EmbeddingRounds {
  /// What is timed, in this order.
  enum Body: Int, CaseIterable {
    case touch, rewrite, read, push, apply, readMixed, pushMixed, applyMixed
  }

  private let request: EmbeddingBenchmark.Request
  private let worker: EmbeddingWorker
  private let rows: EmbeddingRows
  private let limits: EmbeddingLimits
  private let arena = RowArena()
  private let gradient: Matrix
  private var seconds = [[Double]](repeating: [], count: Body.allCases.count)

  init(_ request: EmbeddingBenchmark.Request, _ worker: EmbeddingWorker) {
    (self.request, self.worker) = (request, worker)
    rows = EmbeddingRows(request, worker)
    limits = EmbeddingLimits(request, worker)
    gradient = Matrix(rows: request.timedRows, columns: request.columns)
  }

  /// Wall seconds of every body on its slowest worker, round by round; a collective call.
  func run() throws -> [Body: [Double]] {
    // Two rounds warm up: gradients of even and odd steps have memory of their own.
    for trial in 0..<request.trials + 2 {
      func draw(_ body: Body, remoteShare: Double = 0) {
        rows.draw(Body.allCases.count * trial + body.rawValue, remoteShare: remoteShare)
      }
      draw(.touch)
      try time(.touch) { limits.touch(rows.own) }
      draw(.rewrite)
      try time(.rewrite) { limits.rewrite(rows.own) }
      draw(.read)
      try time(.read) { try read() }
      draw(.push)
      try time(.push) { try push() }
      try time(.apply) { try apply() }
      guard request.remoteShare > 0 else { continue }
      draw(.readMixed, remoteShare: request.remoteShare)
      try time(.readMixed) { try read() }
      draw(.pushMixed, remoteShare: request.remoteShare)
      try time(.pushMixed) { try push() }
      try time(.applyMixed) { try apply() }
    }
    let measured = request.remoteShare > 0 ? Body.allCases : Body.allCases.filter { $0.rawValue <= Body.apply.rawValue }
    return try Dictionary(
      uniqueKeysWithValues: measured.map { ($0, Array(try worker.group.slowest(seconds[$0.rawValue]).dropFirst(2))) })
  }

  private func time(_ body: Body, _ run: () throws -> Void) throws {
    try worker.group.barrier()
    let begin = MonotonicClock.now()
    try run()
    seconds[body.rawValue].append(Double(max(1, MonotonicClock.now() - begin)) * 1e-9)
    // Whoever is ready waits: drawing the next rows would take memory's time from the others.
    try worker.group.barrier()
  }

  /// Copies the rows into a matrix, wherever they lie.
  private func read() throws {
    let step = UInt32(worker.table.appliedSteps)
    let found = try worker.store.resolve([rows.nodes], step: step, into: arena, threads: worker.threads)[0]
    let (source, matrix) = (RowSource(found, segments: SegmentTable()), gradient.view)
    worker.threads.forEachChunk(of: request.timedRows, by: Tiles.height) {
      Gather.copy(from: $0.lowerBound, of: source, into: matrix.rows($0))
    }
  }

  /// Brings gradients to the rows' owners: what was read last.
  private func push() throws {
    let first = worker.ownParts.lowerBound
    for part in worker.ownParts {
      let nodes = UnsafeBufferPointer(rebasing: rows.nodes.prefix(part == first ? request.timedRows : 0))
      _ = try worker.push.add(part: part, nodes: nodes, gradient: gradient.view.prefix(nodes.count), threads: worker.threads)
    }
    try worker.push.send()
  }

  private func apply() throws { try worker.table.apply(learningRate: 1e-6, gradientScale: 1, threads: worker.threads) }
}
