import Kernels
import Tensors

/// The backward pass of a mean: edges sorted by source, then the gradients of destinations gathered along them.
struct TransposedKernels {
  let hops: [SampledHop]
  let columns: Int
  private let transposed: [TransposedEdges]
  private let scales: [Buffer<Float>]
  private let gradient: Matrix
  private let out: Matrix

  init(hops: [SampledHop], columns: Int) {
    self.hops = hops
    self.columns = columns
    gradient = Matrix(rows: hops.map(\.destinationCount).max() ?? 0, columns: columns)
    out = Matrix(rows: hops.map(\.sourceCount).max() ?? 0, columns: columns)
    transposed = hops.map { _ in TransposedEdges() }
    scales = hops.map { hop in
      let edges = hop.neighborhood
      return Buffer(
        copying: (0..<hop.destinationCount).map { edges.end[$0] == edges.begin[$0] ? 0 : 1 / Float(edges.end[$0] - edges.begin[$0]) })
    }
    for row in 0..<gradient.rows { for column in 0..<columns { gradient.view[row, column] = BenchTable.value(row, column) } }
  }

  func measure(_ request: KernelBenchmark.Request) throws -> [KernelResult] {
    sort(Threads(1))
    try check()
    let edges = hops.reduce(0) { $0 + $1.edgeCount }
    let bytes = Double(4 * columns * edges)
    return request.threads.flatMap { count in
      let threads = Threads(count)
      let rates = Interleaved.measure(
        trials: request.trials,
        [(Double(8 * edges), { sort(threads) }), (bytes, { gather(threads) })]
          + MemoryLimits.waysToTouch.map { ahead in (bytes, { touch(ahead, threads) }) })
      return [
        KernelResult(.transposed, "edges by source", columns: columns, threads: threads, work: Double(8 * edges), rate: rates[0]),
        KernelResult(
          .transposed, "gather of gradients", columns: columns, threads: threads, work: bytes, rate: rates[1],
          limit: rates.dropFirst(2).max { $0.median < $1.median }, bytesPerByte: 1),
      ]
    }
  }

  private func sort(_ threads: Threads) {
    for (hop, transposed) in zip(hops, transposed) {
      transposed.fill(hop.neighborhood, edgeCount: hop.edgeCount, sourceCount: hop.sourceCount, threads: threads)
    }
  }

  private func gather(_ threads: Threads) { for index in hops.indices { gather(index, threads) } }

  private func gather(_ index: Int, _ threads: Threads) {
    Aggregation.aggregate(
      transposed[index].neighborhood(scales: scales[index].pointer), rows: RowSource(gradient.view.prefix(hops[index].destinationCount)),
      .sum, into: out.view.prefix(hops[index].sourceCount), threads: threads)
  }

  private func touch(_ ahead: Int, _ threads: Threads) {
    for transposed in transposed {
      MemoryLimits.touch(
        UnsafeRawPointer(gradient.view.base), strideBytes: 4 * columns, rowBytes: 4 * columns,
        sequence: transposed.destinations.readOnly, ahead: ahead, threads: threads)
    }
  }

  /// Sums by source of the gradients that a walk over the edges by destination spreads, for every 64th source.
  private func check() throws {
    for (index, hop) in hops.enumerated() {
      gather(index, Threads(1))
      let edges = hop.neighborhood
      var expected: [Int: [Double]] = [:]
      for source in stride(from: 0, to: hop.sourceCount, by: 64) { expected[source] = [Double](repeating: 0, count: columns) }
      for destination in 0..<hop.destinationCount {
        for edge in edges.begin[destination]..<edges.end[destination] where edges.sources[Int(edge)] % 64 == 0 {
          for column in 0..<columns {
            expected[Int(edges.sources[Int(edge)])]![column] +=
              Double(scales[index][destination]) * Double(BenchTable.value(destination, column))
          }
        }
      }
      for (source, row) in expected {
        try WrongResult.check("transposed gather", row: source, out.view.row(source), row, tolerance: 1e-4)
      }
    }
  }
}
