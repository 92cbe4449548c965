package import Tensors

extension TableDescription {
  /// Describes how `table` is stored in a partition directory.
  ///
  /// Rows of a dense table are padded to whole lines of 64 bytes where that adds at most a quarter: a row of 400 bytes then
  /// never touches an eighth line.
  package init(storing table: FeatureTable, name: String, nodeType: Int) {
    switch table {
    case .dense(let rows):
      self.init(dense: name, nodeType: nodeType, columns: rows.columns, elementType: rows.elementType)
    case .sparse(let rows):
      self.init(name: name, nodeType: nodeType, layout: .sparse, columns: rows.columns, elementType: .float32, strideBytes: 0)
    }
  }

  /// A dense table as it is stored; see above.
  package init(dense name: String, nodeType: Int, columns: Int, elementType: ElementType) {
    let width = columns * elementType.size
    let padded = (width + 63) / 64 * 64
    self.init(
      name: name, nodeType: nodeType, layout: .dense, columns: columns, elementType: elementType,
      strideBytes: padded * 4 <= width * 5 ? padded : width)
  }

  /// Elements of a stored row of a dense table, padding included.
  package var storedColumns: Int { strideBytes / elementType.size }
}

/// The files that hold one part's rows of one table.
struct TableFiles: Sendable {
  let description: TableDescription
  let numbering: PartitionNumbering
  /// Global ids of the part's inner nodes of the table's type.
  let nodes: Range<Int>
  /// Path without the extension.
  let path: String

  func jobs(for table: FeatureTable) -> [FileJob] {
    switch table {
    case .dense(let rows): [denseJob(rows)]
    case .sparse(let rows): sparseJobs(rows)
    }
  }

  private func original(_ row: Int) -> Int { numbering.original(ofGlobal: nodes.lowerBound + row, type: description.nodeType) }

  private func denseJob(_ source: DenseRows) -> FileJob {
    let width = source.columns * source.elementType.size
    let stride = description.strideBytes
    let shape = [nodes.count, description.storedColumns]
    return FileJob(path: path + ".npy", estimatedBytes: nodes.count * stride) { file in
      let writer = try NPYWriter(creating: file, elementType: source.elementType, shape: shape)
      let block = max(1, min(nodes.count, (2 << 20) / max(1, stride)))
      let memory = Buffer<UInt8>(count: block * stride)  // Zeroed: the padding stays so.
      for start in Swift.stride(from: 0, to: nodes.count, by: block) {
        let count = min(block, nodes.count - start)
        for row in 0..<count {
          UnsafeMutableRawPointer(memory.pointer + row * stride)
            .copyMemory(from: source.bytes.pointer + original(start + row) * source.strideBytes, byteCount: width)
        }
        try writer.write(UnsafeRawBufferPointer(start: memory.pointer, count: count * stride))
      }
      try writer.close()
    }
  }

  private func sparseJobs(_ source: SparseRows) -> [FileJob] {
    @Sendable func entries(_ row: Int) -> Range<Int> {
      let node = original(row)
      return Int(source.indptr.pointer[node])..<Int(source.indptr.pointer[node + 1])
    }
    let total = nodes.indices.reduce(0) { $0 + entries($1 - nodes.lowerBound).count }
    func rowsJob<T: BitwiseCopyable>(_ name: String, _ type: ElementType, _ elements: ArrayView<T>) -> FileJob {
      let bytes = total * MemoryLayout<T>.stride
      return FileJob(path: "\(path).\(name).npy", estimatedBytes: bytes) { file in
        let writer = try NPYWriter(creating: file, elementType: type, shape: [total])
        for row in 0..<nodes.count { try writer.write(elements.slice(entries(row)).elements) }
        try writer.close()
      }
    }
    let indptr = FileJob(path: "\(path).indptr.npy", estimatedBytes: nodes.count * 8) { file in
      let writer = try NPYWriter(creating: file, elementType: .int64, shape: [nodes.count + 1])
      var sum: Int64 = 0
      try writer.write(CollectionOfOne(sum))
      for row in 0..<nodes.count {
        sum += Int64(entries(row).count)
        try writer.write(CollectionOfOne(sum))
      }
      try writer.close()
    }
    return [indptr, rowsJob("indices", .uint32, source.indices), rowsJob("data", .float32, source.values)]
  }
}
