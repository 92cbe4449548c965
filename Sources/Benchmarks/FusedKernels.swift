import Kernels
import Tensors

/// The mean of the first layer, reading its input rows in place.
struct FusedKernels {
  let hops: [SampledHop]
  let table: BenchTable
  private let out: Matrix
  private let sources: [RowSource]

  init(hops: [SampledHop], table: BenchTable) {
    self.hops = hops
    self.table = table
    out = Matrix(rows: hops.map(\.destinationCount).max() ?? 0, columns: table.columns)
    sources = hops.map { RowSource($0.input!, segments: SegmentTable()) }  // First layers have input rows.
  }

  /// Row bytes that one pass needs: a row for every edge.
  var bytes: Int { table.rowBytes * hops.reduce(0) { $0 + $1.edgeCount } }

  func run(_ threads: Threads) {
    for (hop, rows) in zip(hops, sources) {
      Aggregation.aggregate(hop.neighborhood, rows: rows, .mean, into: out.view.prefix(hop.destinationCount), threads: threads)
    }
  }

  func measure(_ request: KernelBenchmark.Request) throws -> [KernelResult] {
    try check()
    return request.threads.map { count in
      let threads = Threads(count)
      let rounds = Interleaved.rounds(
        trials: request.trials,
        [(Double(bytes), { run(threads) })] + MemoryLimits.waysToTouch.map { ahead in (Double(bytes), { touch(ahead, threads) }) })
      let rates = rounds.map(Rate.init(trials:))
      let best = (1..<rates.count).max { rates[$0].median < rates[$1].median } ?? 1
      let lines = Double((table.rowBytes + MemoryLimits.line - 1) / MemoryLimits.line * MemoryLimits.line)
      return KernelResult(
        .fused, "mean in place", columns: table.columns, elementType: table.elementType, threads: threads, work: Double(bytes),
        rate: rates[0], limit: rates[best], share: Rate(trials: zip(rounds[0], rounds[best]).map { $0 / $1 }).median, bytesPerByte: 1,
        lineBytesPerByte: lines / Double(table.rowBytes))
    }
  }

  /// Reads the same rows in the same order.
  private func touch(_ ahead: Int, _ threads: Threads) {
    for hop in hops {
      MemoryLimits.touch(
        table.base, strideBytes: table.strideBytes, rowBytes: table.rowBytes, sequence: UnsafeBufferPointer(hop.sequence.elements),
        ahead: ahead, threads: threads)
    }
  }

  /// Means of 1024 destinations of every block.
  private func check() throws {
    for (hop, rows) in zip(hops, sources) {
      let out = out.view.prefix(hop.destinationCount)
      Aggregation.aggregate(hop.neighborhood, rows: rows, .mean, into: out, threads: Threads(1))
      try MeanCheck.check("fused mean", hop.neighborhood, out: out, rowNumbers: hop.sequence)
    }
  }
}

/// Compares means of table rows with their definition.
enum MeanCheck {
  /// - Parameter rowNumbers: Table row of each edge.
  static func check(_ kernel: String, _ edges: Neighborhood, out: MatrixView, rowNumbers: Buffer<UInt32>) throws {
    for destination in stride(from: 0, to: edges.destinationCount, by: max(1, edges.destinationCount / 1024)) {
      let numbers = (edges.begin[destination]..<edges.end[destination]).map { Int(rowNumbers[Int($0)]) }
      let expected = (0..<out.columns).map { column in
        numbers.isEmpty ? 0 : numbers.reduce(0) { $0 + Double(BenchTable.value($1, column)) } / Double(numbers.count)
      }
      // Sums of multiples of 1/64 are exact; two roundings remain.
      try WrongResult.check(kernel, row: destination, out.row(destination), expected, tolerance: 0x1p-22)
    }
  }
}
