import Kernels
import Tensors

/// GAT with 4 heads of 64 columns over sampled blocks: forward, and backward along the edges by source.
final class AttentionKernels {
  private static let heads = AttentionHeads(count: 4, width: 64)
  private let hops: [SampledHop]
  private let transposed: [TransposedEdges]
  private let h: Matrix
  private let sourceScores: Matrix
  private let destinationScores: Matrix
  private let out: Matrix
  private let outGradient: Matrix
  private let products: Matrix
  private let rowGradient: Matrix
  private let scoreGradients: Buffer<Float>
  private let coefficients: [Buffer<Float>]
  private let vectors: (source: Buffer<Float>, destination: Buffer<Float>)
  private let vectorGradient: Buffer<Float>

  init(hops: [SampledHop]) {
    self.hops = hops
    let (sources, destinations) = (hops.map(\.sourceCount).max() ?? 0, hops.map(\.destinationCount).max() ?? 0)
    let heads = Self.heads
    h = Matrix(rows: sources, columns: heads.columns)
    sourceScores = Matrix(rows: sources, columns: heads.count)
    destinationScores = Matrix(rows: destinations, columns: heads.count)
    out = Matrix(rows: destinations, columns: heads.columns)
    outGradient = Matrix(rows: destinations, columns: heads.columns)
    products = Matrix(rows: destinations, columns: heads.count)
    rowGradient = Matrix(rows: sources, columns: heads.columns)
    scoreGradients = Buffer(count: heads.count * (hops.map(\.edgeCount).max() ?? 0))
    coefficients = hops.map { Buffer(count: heads.count * $0.edgeCount) }
    vectors = (Buffer(count: heads.columns), Buffer(count: heads.columns))
    vectorGradient = Buffer(count: heads.columns)
    transposed = hops.map { hop in
      let edges = TransposedEdges()
      edges.fill(
        hop.neighborhood, edgeCount: hop.edgeCount, sourceCount: hop.sourceCount, numbered: true, threads: Threads(1))
      return edges
    }
    for column in 0..<heads.columns {
      vectors.source.pointer[column] = BenchTable.value(1, column) * 0.25
      vectors.destination.pointer[column] = BenchTable.value(5, column) * 0.25
    }
    for row in 0..<sources { for column in 0..<heads.columns { h.view[row, column] = BenchTable.value(row, column) } }
    for row in 0..<destinations { for column in 0..<heads.columns { outGradient.view[row, column] = BenchTable.value(row + 3, column) } }
    heads.dots(h.view, vectors: vectors.source.pointer, into: sourceScores.view)
    heads.dots(h.view.prefix(destinations), vectors: vectors.destination.pointer, into: destinationScores.view)
  }

  func measure(_ request: KernelBenchmark.Request) throws -> [KernelResult] {
    for index in hops.indices {
      forward(index, Threads(1))
      backward(index, Threads(1))
      try check(index)
    }
    let bytes = Double(4 * Self.heads.columns * hops.reduce(0) { $0 + $1.edgeCount })
    return request.threads.flatMap { count in
      let threads = Threads(count)
      let rates = Interleaved.measure(
        trials: request.trials,
        [
          (bytes, { for index in self.hops.indices { self.forward(index, threads) } }),
          (bytes, { for index in self.hops.indices { self.backward(index, threads) } }),
        ]
          + MemoryLimits.waysToTouch.map { ahead in
            (bytes, { for hop in self.hops { self.touch(hop, ahead, threads) } })
          })
      let limit = rates.dropFirst(2).max { $0.median < $1.median }
      return zip(["GAT forward", "GAT backward"], rates).map { form, rate in
        KernelResult(.attention, form, columns: Self.heads.columns, threads: threads, work: bytes, rate: rate, limit: limit)
      }
    }
  }

  private func forward(_ index: Int, _ threads: Threads) {
    let hop = hops[index]
    let edges = AttentionEdges(hop.neighborhood, ownRow: nil)
    let (h, scores) = (h.view.prefix(hop.sourceCount), sourceScores.view.prefix(hop.sourceCount))
    let (own, out, coefficients) = (destinationScores.view, out.view, coefficients[index])
    threads.forEachChunk(of: hop.destinationCount, by: Tiles.height) { rows in
      GraphAttention.forward(
        rows, of: edges, heads: Self.heads, rows: h, sourceScores: scores, destinationScores: own.rows(rows),
        coefficients: coefficients.pointer, into: out.rows(rows))
    }
  }

  private func backward(_ index: Int, _ threads: Threads) {
    let hop = hops[index]
    let destinations = hop.destinationCount
    let (out, outGradient, products) = (out.view, outGradient.view, products.view)
    threads.forEachChunk(of: destinations, by: Tiles.height) { rows in
      Self.heads.dots(out.rows(rows), outGradient.rows(rows), into: products.rows(rows))
    }
    let pass = AttentionBackward(
      heads: Self.heads, edges: AttentionEdges(hop.neighborhood, ownRow: nil), transposed: transposed[index],
      gradient: outGradient.prefix(destinations), products: products.prefix(destinations), coefficients: coefficients[index].pointer,
      scale: 1, scoreGradients: scoreGradients.pointer)
    let (h, scores, own, rowGradient) = (h.view, sourceScores.view, destinationScores.view.prefix(destinations), rowGradient.view)
    nonisolated(unsafe) let source = UnsafePointer(vectors.source.pointer)
    sums.sum(
      Lanes(rows: hop.sourceCount), into: vectorGradient.pointer, count: Self.heads.columns, threads: threads
    ) { rows, isFirst, sum in
      if isFirst { sum.update(repeating: 0, count: Self.heads.columns) }
      GraphAttention.backward(
        rows, of: pass, rows: h.rows(rows), sourceScores: scores.rows(rows), destinationScores: own, vectors: source, addingTo: sum,
        into: rowGradient.rows(rows))
    }
  }

  private let sums = LaneSums()

  private func touch(_ hop: SampledHop, _ ahead: Int, _ threads: Threads) {
    MemoryLimits.touch(
      UnsafeRawPointer(h.view.base), strideBytes: 4 * h.columns, rowBytes: 4 * h.columns,
      sequence: hop.blockRows, ahead: ahead, threads: threads)
  }

  /// 256 outputs, and the gradients of 256 rows, against the definition in float64.
  private func check(_ index: Int) throws {
    let (hop, heads) = (hops[index], Self.heads)
    let edges = hop.neighborhood
    let reference = AttentionBenchReference(heads: heads, vectors: (vectors.source, vectors.destination))
    func sources(_ destination: Int) -> [Int] {
      (edges.begin[destination]..<edges.end[destination]).map { Int(edges.sources[Int($0)]) }
    }
    for destination in stride(from: 0, to: hop.destinationCount, by: max(1, hop.destinationCount / 256)) {
      try WrongResult.check(
        "GAT forward", row: destination, out.view.row(destination), reference.output(of: destination, sources: sources(destination)),
        tolerance: 1e-4)
    }
    let bySource = transposed[index]
    for source in stride(from: 0, to: hop.sourceCount, by: max(1, hop.sourceCount / 256)) {
      let range = bySource.indptr[source]..<bySource.indptr[source + 1]
      let uses = range.map { place in
        let destination = Int(bySource.destinations[Int(place)])
        return (destination, sources(destination), Int(bySource.numbers[Int(place)] - edges.begin[destination]))
      }
      try WrongResult.check(
        "GAT backward", row: source, rowGradient.view.row(source), reference.rowGradient(of: source, uses: uses), tolerance: 1e-3)
    }
  }
}

/// GAT by the definition over the rows of the measurement, in float64.
private struct AttentionBenchReference {
  let heads: AttentionHeads
  let source: [Double]
  let destination: [Double]

  init(heads: AttentionHeads, vectors: (Buffer<Float>, Buffer<Float>)) {
    self.heads = heads
    source = vectors.0.elements.map(Double.init)
    destination = vectors.1.elements.map(Double.init)
  }

  private func row(_ number: Int) -> [Double] { (0..<heads.columns).map { Double(BenchTable.value(number, $0)) } }

  private func score(_ row: [Double], own: [Double], _ head: Int) -> Double {
    AttentionReference.scoreGAT(row, own: own, source: source, destination: destination, head: head, heads: heads)
  }

  func output(of destination: Int, sources: [Int]) -> [Double] {
    let own = row(destination)
    return AttentionReference.output(sources.map(row), heads: heads, score: { score($0, own: own, $1) }, factor: { _, _ in 1 })
  }

  /// Gradient of a row through the outputs and the scores of the edges from it.
  ///
  /// - Parameter uses: Destination, its sources, and the place of the edge among them.
  func rowGradient(of number: Int, uses: [(destination: Int, sources: [Int], place: Int)]) -> [Double] {
    var result = [Double](repeating: 0, count: heads.columns)
    let x = row(number)
    for use in uses {
      let (own, gradient) = (row(use.destination), row(use.destination + 3))
      let rows = use.sources.map(row)
      let out = output(of: use.destination, sources: use.sources)
      for head in 0..<heads.count {
        let columns = head * heads.width..<(head + 1) * heads.width
        let scores = rows.map { score($0, own: own, head) }
        let coefficient = AttentionReference.softmax(scores)[use.place]
        let through = columns.reduce(0.0) { $0 + gradient[$1] * (x[$1] - out[$1]) }
        let slope = scores[use.place] > 0 ? 1 : AttentionReference.slope
        for column in columns { result[column] += coefficient * gradient[column] + coefficient * through * slope * source[column] }
      }
    }
    return result
  }
}
