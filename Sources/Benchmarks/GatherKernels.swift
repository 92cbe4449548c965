import Kernels
import Tensors

/// The same mean in two steps, as systems without a fused kernel take them: input rows copied to a matrix, then its mean.
struct GatherKernels {
  let hops: [SampledHop]
  let table: BenchTable
  private let gathered: Matrix
  private let out: Matrix
  private let sources: [RowSource]

  init(hops: [SampledHop], table: BenchTable) {
    self.hops = hops
    self.table = table
    gathered = Matrix(rows: hops.map(\.sourceCount).max() ?? 0, columns: table.columns)
    out = Matrix(rows: hops.map(\.destinationCount).max() ?? 0, columns: table.columns)
    sources = hops.map { RowSource($0.input!, segments: SegmentTable()) }  // First layers have input rows.
  }

  func measure(_ request: KernelBenchmark.Request) throws -> [KernelResult] {
    try check()
    let copied = table.rowBytes * hops.reduce(0) { $0 + $1.sourceCount }
    let needed = table.rowBytes * hops.reduce(0) { $0 + $1.edgeCount }
    return request.threads.flatMap { count in
      let threads = Threads(count)
      let rates = Interleaved.measure(
        trials: request.trials,
        [(Double(copied), { copy(threads) }), (Double(needed), { for index in hops.indices { mean(index, threads) } })])
      // A row is read and written by the copy, and its copy is read for every edge.
      let moved = Double(2 * copied + 4 * gathered.columns * hops.reduce(0) { $0 + $1.edgeCount }) / Double(needed)
      return [
        KernelResult(
          .gather, "copy of input rows", columns: table.columns, elementType: table.elementType, threads: threads, work: Double(copied),
          rate: rates[0], bytesPerByte: 2),
        KernelResult(
          .gather, "copy, then mean", columns: table.columns, elementType: table.elementType, threads: threads, work: Double(needed),
          rate: rates[1], bytesPerByte: moved),
      ]
    }
  }

  private func copy(_ threads: Threads) { for index in hops.indices { copy(index, threads) } }

  private func copy(_ index: Int, _ threads: Threads) {
    let (rows, target) = (sources[index], gathered.view)
    threads.forEachChunk(of: hops[index].sourceCount, by: Tiles.height) { range in
      Gather.copy(from: range.lowerBound, of: rows, into: target.rows(range))
    }
  }

  private func mean(_ index: Int, _ threads: Threads) {
    copy(index, threads)
    let hop = hops[index]
    Aggregation.aggregate(
      hop.neighborhood, rows: RowSource(gathered.view.prefix(hop.sourceCount)), .mean, into: out.view.prefix(hop.destinationCount),
      threads: threads)
  }

  private func check() throws {
    for (index, hop) in hops.enumerated() {
      mean(index, Threads(1))
      try MeanCheck.check(
        "copy, then mean", hop.neighborhood, out: out.view.prefix(hop.destinationCount), rowNumbers: hop.sequence)
    }
  }
}
