import Graphs
import KVStore
public import Kernels
import Partitions
import Sampling
import Telemetry
import Tensors

/// Measures a learned table in one process: first whole steps on a made-up task, whose losses anybody can compute, then reads and updates
/// of random rows beside the rate at which this machine reads the same rows and their state.
///
/// The task: in step `t`, part `p` of 4 reads `B` different rows, of which the next part reads the second half as well; row `i` of them is
/// `2654435761·(t·4·B + p·B/2 + i) mod rows`. A row's target is `((31·row + 7·column) mod 127) / 64 − 1`. The loss is half the squared
/// distance to the targets, summed over columns, mean over the rows of all parts.
public enum EmbeddingBenchmark {
  /// What is measured, and how often.
  public struct Request: Sendable {
    public var rows = 1_000_000
    public var columns = 64
    public var optimizer = RowOptimizer.adagrad()
    /// How the optimiser is called.
    public var optimizerName = "adagrad"
    public var learningRate = 0.05
    /// Rows that a part reads in a step of the task; even.
    public var batch = 10_000
    /// Steps of the task.
    public var steps = 50
    /// Different rows of a timed read or update.
    public var timedRows = 100_000
    public var threads = 1
    /// Timed rounds, after two to warm up.
    public var trials = 10

    public init() {}
  }

  static let partCount = 4
  /// A prime: rows of consecutive numbers differ, unless the table has a multiple of it.
  static let stride = 2_654_435_761

  /// - Throws: `InputError` for more rows in a step than there are.
  public static func run(_ request: Request) throws -> EmbeddingReport {
    guard request.rows >= 4 * max(request.batch, request.timedRows), request.rows < stride else {
      throw InputError(
        "--rows", expected: "at least \(4 * max(request.batch, request.timedRows)) and fewer than \(stride)", found: "\(request.rows)")
    }
    let bench = EmbeddingRun(request)
    var seconds = 0.0
    let losses = try (0..<request.steps).map { step in
      bench.prepare(step)
      let begin = MonotonicClock.now()
      defer { seconds += Double(max(1, MonotonicClock.now() - begin)) * 1e-9 }
      return try bench.step(step)
    }
    let peak = ProcessMemory.current()?.peak ?? 0
    let rates = try bench.rates()
    return EmbeddingReport(
      request, losses: losses, rowsPerSecond: Double(partCount * request.batch * request.steps) / seconds,
      valueBytes: bench.table.valueBytes, stateBytes: bench.table.stateBytes, peakMemory: max(peak, ProcessMemory.current()?.peak ?? 0),
      rates: rates)
  }
}

/// A table of four parts, all here, and what a step needs.
private final class EmbeddingRun {
  let table: LearnedTable
  private let request: EmbeddingBenchmark.Request
  private let store: RowStore
  private let push: GradientPush
  private let arena = RowArena()
  private let threads: Threads
  private let ids: [Buffer<GlobalID>]
  /// Of each part's rows.
  private let targets: [Matrix]
  private let gradient: Matrix

  init(_ request: EmbeddingBenchmark.Request) {
    self.request = request
    threads = Threads(request.threads)
    let parts = EmbeddingBenchmark.partCount
    let bounds = (0...parts).map { Int64($0 * request.rows / parts) }
    let book = PartitionBook(partCount: parts, typeCount: 1, bounds: bounds)
    var options = LearnedTable.Options(columns: request.columns)
    options.optimizer = request.optimizer
    var original: [Int: ArrayView<Int64>] = [:]
    for part in 0..<parts { original[part] = ArrayView(bounds[part]..<bounds[part + 1]) }
    table = LearnedTable(number: 0, name: "learned", nodeType: 0, options: options, book: book, original: original, threads: threads)
    let workers = [Int](repeating: 0, count: parts)
    store = RowStore(shards: table.shards, book: book, workers: workers, client: nil)
    push = GradientPush(table, workers: workers, rank: 0, client: nil)
    ids = (0..<parts).map { _ in Buffer(count: request.batch) }
    targets = (0..<parts).map { _ in Matrix(rows: request.batch, columns: request.columns) }
    gradient = Matrix(rows: max(request.batch, request.timedRows), columns: request.columns)
  }

  /// Draws the rows of a step and their targets.
  func prepare(_ step: Int) {
    let batch = request.batch
    for (part, ids) in ids.enumerated() {
      let first = step * EmbeddingBenchmark.partCount * batch + part * batch / 2
      for index in 0..<batch {
        let row = (first + index) &* EmbeddingBenchmark.stride % request.rows
        ids.pointer[index] = GlobalID(Int64(row))
        let target = targets[part].view.row(index)
        for column in 0..<request.columns { target[column] = Float((31 &* row &+ 7 &* column) % 127) / 64 - 1 }
      }
    }
  }

  /// One step of the task; its loss.
  func step(_ step: Int) throws -> Double {
    let batch = request.batch
    let lists = ids.map { UnsafeBufferPointer($0.elements) }
    let rows = try store.resolve(lists, step: UInt32(step), into: arena, threads: threads)
    var loss = 0.0
    for part in ids.indices {
      let gradient = gradient.view.prefix(batch)
      loss += distance(rows[part], targets[part].view, into: gradient)
      _ = try push.add(part: part, nodes: lists[part], gradient: gradient, threads: threads)
    }
    try push.send()
    let count = Double(EmbeddingBenchmark.partCount * batch)
    try table.apply(learningRate: request.learningRate, gradientScale: 1 / count, threads: threads)
    return loss / count
  }

  /// Writes rows less their targets, and returns half the sum of their squares.
  private func distance(_ rows: InputRows, _ targets: MatrixView, into gradient: MatrixView) -> Double {
    let source = RowSource(rows, segments: SegmentTable())
    let sums = Buffer<Double>(count: (targets.rows + 255) / 256)
    threads.forEachChunk(of: targets.rows, by: 256) { chunk in
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

  /// Bytes per second of reading, updating, both with the way to the owner, and of what the machine does with the same rows.
  func rates() throws -> EmbeddingReport.Rates {
    let (count, values) = (request.timedRows, request.columns * 4)
    let moved = values + request.optimizer.stateBytes(columns: request.columns)
    let nodes = Buffer<GlobalID>(count: count)
    let list = UnsafeBufferPointer(nodes.elements)
    let none = UnsafeBufferPointer(rebasing: list[..<0])
    let matrix = gradient.view.prefix(count)
    var times: [[Double]] = [[], [], [], [], []]
    // Two rounds warm up: gradients of even and odd steps have memory of their own.
    for trial in 0..<request.trials + 2 {
      // Every body has rows of its own: what one leaves in the caches serves no other.
      func draw(_ body: Int) -> Buffer<UInt32> {
        let permutation = FeistelPermutation(
          count: request.rows / 4, key: RandomKey(seed: 0, purpose: .permutation), epoch: UInt32(4 * trial + body))
        let rows = Buffer(copying: (0..<count).map { UInt32(permutation[$0]) })
        for index in 0..<count { nodes.pointer[index] = GlobalID(Int64(rows.pointer[index])) }
        return rows
      }
      let touched = draw(0)
      let limit = seconds { touch(touched) }
      let again = draw(1)
      let rewritten = seconds { rewrite(again) }
      _ = draw(2)
      let read = try seconds {
        let rows = try store.resolve([list], step: UInt32(table.appliedSteps), into: arena, threads: threads)[0]
        let source = RowSource(rows, segments: SegmentTable())
        threads.forEachChunk(of: count, by: Tiles.height) { Gather.copy(from: $0.lowerBound, of: source, into: matrix.rows($0)) }
      }
      _ = draw(3)
      let pushed = try seconds {
        for part in 0..<EmbeddingBenchmark.partCount {
          let (nodes, gradient) = part == 0 ? (list, matrix) : (none, matrix.prefix(0))
          _ = try push.add(part: part, nodes: nodes, gradient: gradient, threads: threads)
        }
        try push.send()
      }
      let applied = try seconds { try table.apply(learningRate: 1e-6, gradientScale: 1, threads: threads) }
      for (index, time) in [limit, rewritten, read, applied, pushed + applied].enumerated() { times[index].append(time) }
    }
    func rate(_ index: Int, _ bytes: Int) -> [Double] { times[index].dropFirst(2).map { Double(count * bytes) / $0 } }
    return withExtendedLifetime(nodes) {
      EmbeddingReport.Rates(
        limit: rate(0, moved), rewrites: rate(1, moved), reads: rate(2, values), updates: rate(3, moved), pushesAndUpdates: rate(4, moved))
    }
  }

  /// Rows of an array, with what every row takes.
  private var arrays: [(base: UnsafeRawPointer, bytes: Int)] {
    let memory = table.memory(ofPart: 0)
    let state = 4 * request.optimizer.stateWidth(columns: request.columns)
    return [(memory.values, 4 * request.columns)] + memory.state.map { ($0, state) }
  }

  /// Reads the rows and their state, and does nothing with them.
  private func touch(_ rows: Buffer<UInt32>) {
    for (base, bytes) in arrays {
      MemoryLimits.touch(
        base, strideBytes: bytes, rowBytes: bytes, sequence: UnsafeBufferPointer(rows.elements), ahead: 16, threads: threads)
    }
  }

  /// Reads the rows and their state and writes them back as they are.
  private func rewrite(_ rows: Buffer<UInt32>) {
    // A factor that the compiler does not know to be 1.
    let one = Float(request.trials) / Float(max(1, request.trials))
    for (base, bytes) in arrays {
      nonisolated(unsafe) let base = UnsafeMutableRawPointer(mutating: base)  // Safe: rows are distinct.
      threads.forEachChunk(of: rows.count, by: 2_048) { chunk in
        for index in chunk {
          if index &+ 8 < chunk.upperBound { RowStep.ask(for: base + Int(rows.pointer[index &+ 8]) &* bytes, bytes: bytes) }
          let row = base + Int(rows.pointer[index]) &* bytes
          RowArithmetic.scale(row.assumingMemoryBound(to: Float.self), by: one, count: bytes / 4)
        }
      }
    }
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let begin = MonotonicClock.now()
    try body()
    return Double(max(1, MonotonicClock.now() - begin)) * 1e-9
  }
}
