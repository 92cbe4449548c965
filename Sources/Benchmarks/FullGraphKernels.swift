import Graphs
import Kernels
import Partitions
import Tensors

/// The mean over all in-neighbours of every inner node, part after part, as exact inference computes it.
struct FullGraphKernels {
  private struct Part {
    let bounds: Buffer<UInt32>
    let indices: ArrayView<UInt32>
    let input: InputRows
    let references: Buffer<RowReference>
    let rows: RowSource
    let sequence: Buffer<UInt32>
    let out: Matrix

    var neighborhood: Neighborhood {
      Neighborhood(destinationCount: bounds.count - 1, indptr: bounds.pointer, sources: indices.pointer)
    }
  }

  private let table: BenchTable
  private let parts: [Part]

  /// - Throws: `InputError` for parts whose edges are more than 2³² or run between nodes of several types.
  init(_ source: SampledBatches, table: BenchTable, _ threads: Threads) throws {
    self.table = table
    guard source.manifest.schema.nodeTypes.count == 1 else {
      throw InputError("kernel full-graph", expected: "nodes of one type", found: "\(source.manifest.schema.nodeTypes.count) types")
    }
    let segment = RowSegment(
      base: UnsafeRawPointer(table.base), rows: table.rows, strideBytes: table.strideBytes, elementType: table.elementType, owner: nil)
    parts = try source.parts.map { part in
      guard part.indices.count < Int(UInt32.max) else {
        throw InputError("part \(part.part)", expected: "less than 2^32 edges", found: "\(part.indices.count)")
      }
      let references = Buffer<RowReference>(count: part.innerCount + part.haloCount)
      let ids = Buffer<UInt32>(count: references.count)
      for local in 0..<ids.count {
        ids.pointer[local] = UInt32(part.globalID(of: PartLocalID(UInt32(local))).rawValue)
        references.pointer[local] = RowReference(segment: 0, row: Int(ids.pointer[local]))
      }
      let sequence = Buffer<UInt32>(count: part.indices.count)
      threads.forEachChunk(of: sequence.count, by: 1 << 16) { range in
        for edge in range { sequence.pointer[edge] = ids.pointer[Int(part.indices.pointer[edge])] }
      }
      let input = InputRows(
        segments: .dense([segment]), references: UnsafeBufferPointer(references.elements), columns: table.columns)
      return Part(
        bounds: Buffer(copying: part.indptr.elements.lazy.map { UInt32($0) }), indices: part.indices, input: input,
        references: references, rows: RowSource(input, segments: SegmentTable()), sequence: sequence,
        out: Matrix(rows: part.innerCount, columns: table.columns))
    }
  }

  func measure(_ request: KernelBenchmark.Request) throws -> [KernelResult] {
    run(Threads(1))
    try check("full-graph mean")
    // Rows and index of every edge, and the result: what published numbers of such passes count.
    let work = Double(
      parts.reduce(0) { $0 + $1.sequence.count * (table.rowBytes + 4) + $1.out.rows * 4 * table.columns })
    let planned = Set(parts.map { plan($0).slices })
    var forms: [(name: String, run: (Threads) -> Void)] = [("mean", run)]
    for slices in planned.union([4]).subtracting([1]).sorted() {
      let tilings = parts.map { SourceTiling($0.neighborhood, sourceCount: $0.references.count, slices: slices) }
      let run = { (threads: Threads) in
        for (part, tiling) in zip(parts, tilings) { tiling.aggregate(rows: part.rows, .mean, into: part.out.view, threads: threads) }
      }
      run(Threads(1))
      try check("full-graph mean, \(slices) slices")
      forms.append(("mean, \(slices) slices" + (planned.contains(slices) ? " (planned)" : ""), run))
    }
    return request.threads.flatMap { count in
      let threads = Threads(count)
      let rates = Interleaved.measure(
        trials: request.trials,
        forms.map { form in (work, { form.run(threads) }) }
          + MemoryLimits.waysToTouch.map { ahead in (work, { touch(ahead, threads) }) })
      let limit = rates.dropFirst(forms.count).max { $0.median < $1.median }
      return zip(forms, rates).map { form, rate in
        KernelResult(
          .fullGraph, form.name, columns: table.columns, elementType: table.elementType, threads: threads, work: work, rate: rate,
          limit: limit)
      }
    }
  }

  private func plan(_ part: Part) -> SourceTiling.Plan {
    SourceTiling.plan(part.neighborhood, sourceCount: part.references.count, rowBytes: table.strideBytes)
  }

  private func check(_ name: String) throws {
    for part in parts { try MeanCheck.check(name, part.neighborhood, out: part.out.view, rowNumbers: part.sequence) }
  }

  private func run(_ threads: Threads) {
    for part in parts { Aggregation.aggregate(part.neighborhood, rows: part.rows, .mean, into: part.out.view, threads: threads) }
  }

  private func touch(_ ahead: Int, _ threads: Threads) {
    for part in parts {
      MemoryLimits.touch(
        table.base, strideBytes: table.strideBytes, rowBytes: table.rowBytes, sequence: UnsafeBufferPointer(part.sequence.elements),
        ahead: ahead, threads: threads)
    }
  }
}
