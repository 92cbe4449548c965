package import Tensors

extension TableDescription {
  /// Describes how `table` is stored in a partition directory.
  ///
  /// Rows of a dense table are padded to whole lines of 64 bytes where that adds at most a quarter to them and saves a tenth of the
  /// lines that they touch. Rows of `w` bytes one after the other begin at every multiple of `g`, the greatest power of two that divides
  /// `w` and 64, and touch `1 + (w − g) / 64` lines in the mean: 104 bytes (100 int8 elements and their scale) 2.5, with padding 2;
  /// 400 bytes 7 lines either way.
  package init(storing table: FeatureTable, name: String, nodeType: Int, types: TableTypes) {
    switch table {
    case .dense(let rows):
      self.init(dense: name, nodeType: nodeType, columns: rows.columns, elementType: types.type(of: rows, named: name))
    case .sparse(let rows):
      self.init(name: name, nodeType: nodeType, layout: .sparse, columns: rows.columns, elementType: .float32, strideBytes: 0)
    }
  }

  /// A dense table as it is stored; see above.
  package init(dense name: String, nodeType: Int, columns: Int, elementType: ElementType) {
    let width = elementType.rowBytes(columns: columns)
    let lines = (width + 63) / 64
    let begin = min(64, width & -width)
    let pays = lines * 64 * 4 <= width * 5 && lines * 64 * 10 <= (64 + width - begin) * 9
    self.init(
      name: name, nodeType: nodeType, layout: .dense, columns: columns, elementType: elementType,
      strideBytes: pays ? lines * 64 : width)
  }

  /// Elements of a stored row of a dense table, padding included.
  package var storedColumns: Int { strideBytes / elementType.size }

  /// Bytes of a row of a dense table without its padding, as it travels; a row of int8 with its scale.
  public var rowBytes: Int { elementType.rowBytes(columns: columns) }
}

/// The files that hold some rows of one table: those of a part's inner nodes, or of its replicas.
struct TableFiles: Sendable {
  let description: TableDescription
  let numbering: PartitionNumbering
  /// Global ids of the nodes, all of the table's type.
  let nodes: Nodes
  /// Path without the extension.
  let path: String

  enum Nodes: Sendable {
    case range(Range<Int>)
    case list(Buffer<Int64>)

    var count: Int {
      switch self {
      case .range(let range): range.count
      case .list(let ids): ids.count
      }
    }

    /// The id at place `row`.
    subscript(row: Int) -> Int {
      switch self {
      case .range(let range): range.lowerBound + row
      case .list(let ids): Int(ids[row])
      }
    }
  }

  func jobs(for table: FeatureTable) -> [FileJob] {
    switch table {
    case .dense(let rows): denseJobs(RowConversion(source: rows, type: description.elementType, place: "table '\(description.name)'"))
    case .sparse(let rows): sparseJobs(rows)
    }
  }

  private func original(_ row: Int) -> Int { numbering.original(ofGlobal: nodes[row], type: description.nodeType) }

  /// The rows, and for int8 their scales again in a file of their own, for readers that take the elements without them.
  private func denseJobs(_ conversion: RowConversion) -> [FileJob] {
    let stride = description.strideBytes
    let shape = [nodes.count, description.storedColumns]
    let type = description.elementType
    let rows = FileJob(path: path + ".npy", estimatedBytes: nodes.count * stride) { file in
      let writer = try NPYWriter(creating: file, elementType: type, shape: shape)
      let block = max(1, min(nodes.count, (2 << 20) / max(1, stride)))
      let memory = Buffer<UInt8>(count: block * stride)  // Zeroed: the padding stays so.
      let scratch = Buffer<Float>(count: description.columns)
      for start in Swift.stride(from: 0, to: nodes.count, by: block) {
        let count = min(block, nodes.count - start)
        for row in 0..<count { try conversion.write(original(start + row), to: memory.pointer + row * stride, scratch: scratch.pointer) }
        try writer.write(UnsafeRawBufferPointer(start: memory.pointer, count: count * stride))
      }
      try writer.close()
    }
    guard type == .int8 else { return [rows] }
    let scales = FileJob(path: path + ".scale.npy", estimatedBytes: nodes.count * 4) { file in
      let writer = try NPYWriter(creating: file, elementType: .float32, shape: [nodes.count])
      let scratch = Buffer<Float>(count: description.columns)
      for row in 0..<nodes.count {
        try writer.write(CollectionOfOne(conversion.scale(of: original(row), scratch: scratch.pointer)))
      }
      try writer.close()
    }
    return [rows, scales]
  }

  private func sparseJobs(_ source: SparseRows) -> [FileJob] {
    @Sendable func entries(_ row: Int) -> Range<Int> {
      let node = original(row)
      return Int(source.indptr.pointer[node])..<Int(source.indptr.pointer[node + 1])
    }
    let total = (0..<nodes.count).reduce(0) { $0 + entries($1).count }
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
