import Graphs
import Tensors

/// Lists the files of what one part keeps of other parts' nodes, in its folder `replica`, and what writes them.
struct ReplicaFileJobs: Sendable {
  let graph: RawGraph
  let numbering: PartitionNumbering
  let inEdges: InEdges
  let tables: [TableDescription]
  let part: Int
  let sets: ReplicaSets

  private var folder: String { "\(PartFiles.folder(part))/\(PartFiles.replica)" }

  func jobs() -> [FileJob] { edges() + lists() + rows() }

  /// Sizes for the manifest.
  var counts: ReplicaCounts {
    ReplicaCounts(
      rows: numbering.nodes.typeIndices.map { rows(ofType: $0).count }, nodes: sets.nodes.count, edges: offsets[sets.nodes.count],
      sources: sets.sources.count)
  }

  /// First kept in-edge of each node, and one past the last.
  private var offsets: Buffer<Int> {
    let offsets = Buffer<Int>(count: sets.nodes.count + 1)
    for row in 0..<sets.nodes.count { offsets.pointer[row + 1] = offsets.pointer[row] + positions(row).count }
    return offsets
  }

  private func positions(_ row: Int) -> Range<Int> {
    let id = Int(sets.nodes.pointer[row])
    return inEdges.positions(of: id..<id + 1)
  }

  /// In-edges as a part stores those of its own nodes, with places in the list of sources.
  private func edges() -> [FileJob] {
    let offsets = offsets
    let edgeCount = offsets[sets.nodes.count]
    let (sets, inEdges, numbering) = (sets, inEdges, numbering)
    var jobs = [
      FileJob("\(folder)/indptr.npy", .int64, shape: [offsets.count]) { (range, out: UnsafeMutablePointer<Int64>) in
        for (index, row) in range.enumerated() { out[index] = Int64(offsets[row]) }
      },
      edgeJob("indices", .uint32, offsets, edgeCount) {
        sets.sources.rank(of: numbering.globalID(ofFlat: inEdges.source($0)))
      },
    ]
    if graph.edges.count > 1 {
      jobs.append(edgeJob("relations", .uint16, offsets, edgeCount) { UInt16(inEdges.relation(ofEdge: inEdges.edge($0))) })
    }
    return jobs
  }

  /// A file with a value for each kept in-edge, which `value` gives by its position among all.
  private func edgeJob<Value: BitwiseCopyable>(
    _ name: String, _ type: ElementType, _ offsets: Buffer<Int>, _ edgeCount: Int, _ value: @escaping @Sendable (Int) -> Value
  ) -> FileJob {
    let jobs = self
    return FileJob(path: "\(folder)/\(name).npy", estimatedBytes: edgeCount * MemoryLayout<Value>.stride) { file in
      let writer = try NPYWriter(creating: file, elementType: type, shape: [edgeCount])
      for row in 0..<jobs.sets.nodes.count { try writer.write(jobs.positions(row).map(value)) }
      try writer.close()
    }
  }

  private func lists() -> [FileJob] {
    let (sets, inEdges, numbering) = (sets, inEdges, numbering)
    let sources = sets.sources.members
    return [
      list("rows", of: sets.rows, .int64) { $0 },
      list("nodes", of: sets.nodes, .int64) { $0 },
      list("original", of: sets.nodes, .int64) { Int64(numbering.original(ofGlobal: Int($0))) },
      list("sources", of: sources, .int64) { $0 },
      list("source_original", of: sources, .int64) { Int64(numbering.original(ofGlobal: Int($0))) },
      list("source_degrees", of: sources, .uint32) { UInt32(inEdges.positions(of: Int($0)..<Int($0) + 1).count) },
    ]
  }

  /// A file with a value for each of some nodes.
  private func list<Value: BitwiseCopyable>(
    _ name: String, of ids: Buffer<Int64>, _ type: ElementType, _ value: @escaping @Sendable (Int64) -> Value
  ) -> FileJob {
    FileJob("\(folder)/\(name).npy", type, shape: [ids.count]) { (range, out: UnsafeMutablePointer<Value>) in
      for (index, row) in range.enumerated() { out[index] = value(ids[row]) }
    }
  }

  /// Table rows, as a part stores those of its own nodes.
  private func rows() -> [FileJob] {
    numbering.nodes.typeIndices.flatMap { type -> [FileJob] in
      let ids = rows(ofType: type)
      return tables.filter { $0.nodeType == type }.flatMap { description -> [FileJob] in
        guard let table = graph.nodes[type].tables[description.name] else { return [] }
        let path = "\(folder)/\(PartFiles.replicaRows)/\(graph.schema.nodeTypes[type])/\(description.name)"
        return TableFiles(description: description, rows: .list(ids, type: type, numbering), path: path).jobs(for: table)
      }
    }
  }

  /// The nodes of one type whose rows are kept.
  private func rows(ofType type: Int) -> Buffer<Int64> {
    let range = numbering.nodes.range(of: type)
    return Buffer(copying: sets.rows.view.filter { range.contains(Int(numbering.flat[Int($0)])) })
  }
}
