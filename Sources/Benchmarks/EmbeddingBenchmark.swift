import Graphs
import KVStore
public import Kernels
import Partitions
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
    /// Timed rounds, after one to warm up.
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
    let begin = MonotonicClock.now()
    let losses = try (0..<request.steps).map { try bench.step($0) }
    let seconds = Double(max(1, MonotonicClock.now() - begin)) * 1e-9
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
    gradient = Matrix(rows: max(request.batch, request.timedRows), columns: request.columns)
  }

  /// One step of the task; its loss.
  func step(_ step: Int) throws -> Double {
    let batch = request.batch
    for (part, ids) in ids.enumerated() {
      let first = step * EmbeddingBenchmark.partCount * batch + part * batch / 2
      for index in 0..<batch { ids.pointer[index] = GlobalID(Int64((first + index) &* EmbeddingBenchmark.stride % request.rows)) }
    }
    let lists = ids.map { UnsafeBufferPointer($0.elements) }
    let rows = try store.resolve(lists, step: UInt32(step), into: arena, threads: threads)
    var loss = 0.0
    for part in ids.indices {
      let gradient = gradient.view.prefix(batch)
      loss += distance(rows[part], lists[part], into: gradient)
      try push.add(part: part, nodes: lists[part], gradient: gradient, threads: threads)
    }
    try push.send()
    let count = Double(EmbeddingBenchmark.partCount * batch)
    try table.apply(learningRate: request.learningRate, gradientScale: 1 / count, threads: threads)
    return loss / count
  }

  /// Writes rows less their targets, and returns half the sum of their squares.
  private func distance(_ rows: InputRows, _ ids: UnsafeBufferPointer<GlobalID>, into gradient: MatrixView) -> Double {
    let source = RowSource(rows, segments: SegmentTable())
    Gather.copy(from: 0, of: source, into: gradient)
    let sums = Buffer<Double>(count: (ids.count + 255) / 256)
    nonisolated(unsafe) let ids = ids
    threads.forEachChunk(of: ids.count, by: 256) { chunk in
      var sum = 0.0
      for index in chunk {
        let row = gradient.row(index)
        let number = 31 &* Int(ids[index].rawValue)
        for column in 0..<gradient.columns {
          row[column] -= Float((number &+ 7 &* column) % 127) / 64 - 1
          sum += Double(row[column]) * Double(row[column])
        }
      }
      sums.pointer[chunk.lowerBound / 256] = sum
    }
    return withExtendedLifetime(sums) { sums.elements.reduce(0, +) / 2 }
  }

  /// Bytes per second of reading, updating, both with the way to the owner, and of what the machine does with the same rows.
  func rates() throws -> EmbeddingReport.Rates {
    let count = request.timedRows
    let sequences = (0..<request.trials + 1).map { trial in
      Buffer(
        copying: (0..<count).map { UInt32(((trial + 1_000) * count + $0) &* EmbeddingBenchmark.stride % (request.rows / 4)) })
    }
    let nodes = Buffer<GlobalID>(count: count)
    let matrix = gradient.view.prefix(count)
    let values = request.columns * 4
    let state = request.optimizer.stateBytes(columns: request.columns)
    var times: [[Double]] = [[], [], [], []]
    for sequence in sequences {
      // Rows of one part: the smaller its memory, the kinder the caches; the bench states its size.
      for index in 0..<count { nodes.pointer[index] = GlobalID(Int64(sequence.pointer[index])) }
      let list = UnsafeBufferPointer(nodes.elements)
      let read = try seconds {
        let rows = try store.resolve([list], step: UInt32(table.appliedSteps), into: arena, threads: threads)[0]
        let source = RowSource(rows, segments: SegmentTable())
        threads.forEachChunk(of: count, by: Tiles.height) { Gather.copy(from: $0.lowerBound, of: source, into: matrix.rows($0)) }
      }
      let pushed = try seconds {
        for part in 0..<EmbeddingBenchmark.partCount {
          let mine = part == 0 ? list : UnsafeBufferPointer(rebasing: list[..<0])
          try push.add(part: part, nodes: mine, gradient: part == 0 ? matrix : matrix.prefix(0), threads: threads)
        }
        try push.send()
      }
      let applied = try seconds { try table.apply(learningRate: 1e-6, gradientScale: 1, threads: threads) }
      let limit = seconds { touch(sequence) }
      for (index, time) in [read, applied, pushed + applied, limit].enumerated() { times[index].append(time) }
    }
    func rate(_ index: Int, _ bytes: Int) -> [Double] { times[index].dropFirst().map { Double(count * bytes) / $0 } }
    return withExtendedLifetime((sequences, nodes)) {
      EmbeddingReport.Rates(
        reads: rate(0, values), updates: rate(1, values + state), pushesAndUpdates: rate(2, values + state), limit: rate(3, values + state))
    }
  }

  /// Reads the rows and their state, and does nothing with them.
  private func touch(_ sequence: Buffer<UInt32>) {
    let memory = table.memory(ofPart: 0)
    let rows = UnsafeBufferPointer(sequence.elements)
    MemoryLimits.touch(
      memory.values, strideBytes: 4 * request.columns, rowBytes: 4 * request.columns, sequence: rows, ahead: 16, threads: threads)
    for state in memory.state {
      let bytes = 4 * request.optimizer.stateWidth(columns: request.columns)
      MemoryLimits.touch(state, strideBytes: bytes, rowBytes: bytes, sequence: rows, ahead: 16, threads: threads)
    }
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let begin = MonotonicClock.now()
    try body()
    return Double(max(1, MonotonicClock.now() - begin)) * 1e-9
  }
}
