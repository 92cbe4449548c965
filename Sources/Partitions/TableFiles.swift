import Tensors

/// The files that hold some rows of one table: those of a part's inner nodes, of its replicas, or of its in-edges.
struct TableFiles: Sendable {
  let description: TableDescription
  let rows: TableRows
  /// Path without the extension.
  let path: String

  func jobs(for table: FeatureTable) -> [FileJob] {
    switch table {
    case .dense(let source):
      denseJobs(RowConversion(source: source, type: description.elementType, place: "table '\(description.name)'"))
    case .sparse(let source): sparseJobs(source)
    }
  }

  /// The rows, and for int8 their scales again in a file of their own, for readers that take the elements without them.
  private func denseJobs(_ conversion: RowConversion) -> [FileJob] {
    let (stride, type, chosen) = (description.strideBytes, description.elementType, rows)
    let (columns, shape) = (description.columns, [rows.count, description.storedColumns])
    let rows = FileJob(path: path + ".npy", estimatedBytes: chosen.count * stride) { file in
      let writer = try NPYWriter(creating: file, elementType: type, shape: shape)
      let block = max(1, min(chosen.count, 1 << 16, (2 << 20) / max(1, stride)))
      let memory = Buffer<UInt8>(count: block * stride)  // Zeroed: the padding stays so.
      let scratch = Buffer<Float>(count: columns)
      try chosen.forEachBlock(of: block) { numbers in
        for (row, number) in numbers.enumerated() {
          try conversion.write(number, to: memory.pointer + row * stride, scratch: scratch.pointer)
        }
        try writer.write(UnsafeRawBufferPointer(start: memory.pointer, count: numbers.count * stride))
      }
      try writer.close()
    }
    guard type == .int8 else { return [rows] }
    let scales = FileJob(path: path + ".scale.npy", estimatedBytes: chosen.count * 4) { file in
      let writer = try NPYWriter(creating: file, elementType: .float32, shape: [chosen.count])
      let scratch = Buffer<Float>(count: columns)
      try chosen.forEachBlock(of: 1 << 16) { numbers in
        try writer.write(numbers.map { conversion.scale(of: $0, scratch: scratch.pointer) })
      }
      try writer.close()
    }
    return [rows, scales]
  }

  private func sparseJobs(_ source: SparseRows) -> [FileJob] {
    let rows = rows
    let block = 1 << 16
    @Sendable func entries(_ row: Int) -> Range<Int> { Int(source.indptr.pointer[row])..<Int(source.indptr.pointer[row + 1]) }
    var total = 0
    rows.forEachBlock(of: block) { numbers in for number in numbers { total += entries(number).count } }
    let count = total
    func rowsJob<T: BitwiseCopyable>(_ name: String, _ type: ElementType, _ elements: ArrayView<T>) -> FileJob {
      FileJob(path: "\(path).\(name).npy", estimatedBytes: count * MemoryLayout<T>.stride) { file in
        let writer = try NPYWriter(creating: file, elementType: type, shape: [count])
        try rows.forEachBlock(of: block) { numbers in
          for number in numbers { try writer.write(elements.slice(entries(number)).elements) }
        }
        try writer.close()
      }
    }
    let indptr = FileJob(path: "\(path).indptr.npy", estimatedBytes: rows.count * 8) { file in
      let writer = try NPYWriter(creating: file, elementType: .int64, shape: [rows.count + 1])
      var sum: Int64 = 0
      try writer.write(CollectionOfOne(sum))
      try rows.forEachBlock(of: block) { numbers in
        let ends = numbers.map { number in
          sum += Int64(entries(number).count)
          return sum
        }
        try writer.write(ends)
      }
      try writer.close()
    }
    return [indptr, rowsJob("indices", .uint32, source.indices), rowsJob("data", .float32, source.values)]
  }
}
