import Graphs
import Tensors

/// Lists the files of one part and what writes them.
struct PartFileJobs: Sendable {
  let graph: RawGraph
  let numbering: PartitionNumbering
  let inEdges: InEdges
  /// One entry per split, the default first.
  let splits: [SplitShards]
  let tables: [TableDescription]
  let edgeTables: [TableDescription]
  /// The balanced weights, by the constraint's name.
  let weights: [(name: String, column: WeightColumn)]
  let part: Int
  /// Global ids of the part's halo nodes, increasing.
  let halo: ArrayView<Int64>
  /// What the part keeps of other parts' nodes; `nil`: nothing.
  var replicas: ReplicaFileJobs?
  /// What its batches are expected to read from others; `nil` where that is not known.
  let expected: ReadForecast.ExpectedNodes?

  var folder: String { PartFiles.folder(part) }
  var inner: Range<Int> { numbering.innerRange(of: part) }
  /// Of the in-edges of inner nodes.
  var positions: Range<Int> { inEdges.positions(of: inner) }

  /// Every file of the part, `nodes/<type>/…` and `edges/<relation>/…` included.
  func jobs() -> [FileJob] {
    structure() + nodeLists() + numbering.nodes.typeIndices.flatMap(nodeData) + graph.edges.indices.flatMap(edgeData)
      + (replicas?.jobs() ?? []) + expectedRows()
  }

  /// Sizes for the manifest.
  func counts() -> PartCounts {
    var edges = [Int](repeating: 0, count: graph.edges.count)
    if edges.count == 1 {
      edges[0] = positions.count
    } else {
      for position in positions { edges[inEdges.relation(ofEdge: inEdges.edge(position))] += 1 }
    }
    let types = numbering.nodes.typeIndices
    return PartCounts(
      innerNodes: types.map { numbering.innerRange(of: part, type: $0).count }, haloNodes: halo.count, edges: edges,
      splits: splits.map { split in
        SplitCounts(
          train: types.map { split[part, $0].train.count / 2 }, validation: types.map { split[part, $0].validation.count },
          test: types.map { split[part, $0].test.count })
      }, weights: weights.isEmpty ? nil : Dictionary(uniqueKeysWithValues: weights.map { ($0.name, load(of: $0.column)) }),
      replicas: replicas?.counts, expectedRows: expected?.nodes.count)
  }

  private func load(of column: WeightColumn) -> Int {
    inner.reduce(0) { $0 + Int(column.loads.pointer[Int(numbering.flat.pointer[$1])]) }
  }

  /// The in-edges: offsets, sources, relations, input numbers.
  private func structure() -> [FileJob] {
    let inner = inner
    let positions = positions
    let inEdges = inEdges
    var jobs = [
      FileJob("\(folder)/indptr.npy", .int64, shape: [inner.count + 1]) { (range, out: UnsafeMutablePointer<Int64>) in
        for (index, row) in range.enumerated() {
          out[index] = inEdges.offsets.pointer[inner.lowerBound + row] - Int64(positions.lowerBound)
        }
      },
      indicesJob(),
      FileJob("\(folder)/edge_ids.npy", .int64, shape: [positions.count]) { (range, out: UnsafeMutablePointer<Int64>) in
        for (index, edge) in range.enumerated() { out[index] = Int64(inEdges.edge(positions.lowerBound + edge)) }
      },
    ]
    if graph.edges.count > 1 {
      jobs.append(
        FileJob("\(folder)/relations.npy", .uint16, shape: [positions.count]) { (range, out: UnsafeMutablePointer<UInt16>) in
          for (index, edge) in range.enumerated() {
            out[index] = UInt16(inEdges.relation(ofEdge: inEdges.edge(positions.lowerBound + edge)))
          }
        })
    }
    if graph.edges.contains(where: { $0.weights != nil }) { jobs.append(weightsJob()) }
    return jobs
  }

  /// Weights of the in-edges; those of relations without are 1.
  private func weightsJob() -> FileJob {
    let inEdges = inEdges
    let first = positions.lowerBound
    let weights = graph.edges.map(\.weights)
    return FileJob("\(folder)/weights.npy", .float32, shape: [positions.count]) { (range, out: UnsafeMutablePointer<Float>) in
      for (index, position) in range.enumerated() {
        let edge = inEdges.edge(first + position)
        let relation = inEdges.relation(ofEdge: edge)
        out[index] = weights[relation].map { $0.pointer[edge - inEdges.relationBounds[relation]] } ?? 1
      }
    }
  }

  /// Local ids of the sources: inner nodes as they are, halo nodes after them by rank.
  private func indicesJob() -> FileJob {
    let numbering = numbering
    let inEdges = inEdges
    let part = part
    let inner = inner
    let positions = positions
    let members = halo
    return FileJob(path: "\(folder)/indices.npy", estimatedBytes: positions.count * 4) { file in
      let writer = try NPYWriter(creating: file, elementType: .uint32, shape: [positions.count])
      let halo = HaloSet(members: members, nodeCount: numbering.nodes.count)
      let block = Buffer<UInt32>(count: max(1, min(positions.count, 1 << 19)))
      try numbering.parts.withUnsafeBufferPointer { parts in
        for start in stride(from: positions.lowerBound, to: positions.upperBound, by: block.count) {
          let count = min(block.count, positions.upperBound - start)
          for index in 0..<count {
            let source = inEdges.source(start &+ index)
            block.pointer[index] =
              Int(parts[source]) == part
              ? numbering.locals.pointer[source]
              : UInt32(truncatingIfNeeded: inner.count) &+ halo.rank(of: numbering.globalID(ofFlat: source))
          }
          try writer.write(UnsafeRawBufferPointer(start: block.pointer, count: count * 4))
        }
      }
      try writer.close()
    }
  }

  /// What is known of inner and halo nodes whatever their type.
  private func nodeLists() -> [FileJob] {
    let halo = halo
    let inner = inner
    let inEdges = inEdges
    let numbering = numbering
    @Sendable func degree(_ id: Int) -> UInt32 { UInt32(inEdges.offsets.pointer[id + 1] - inEdges.offsets.pointer[id]) }
    @Sendable func original(_ id: Int) -> Int64 { Int64(numbering.original(ofGlobal: id)) }
    return [
      FileJob("\(folder)/halo.npy", .int64, shape: [halo.count]) { (range, out: UnsafeMutablePointer<Int64>) in
        out.update(from: halo.pointer + range.lowerBound, count: range.count)
      },
      FileJob("\(folder)/halo_original.npy", .int64, shape: [halo.count]) { (range, out: UnsafeMutablePointer<Int64>) in
        for (index, node) in range.enumerated() { out[index] = original(Int(halo[node])) }
      },
      FileJob("\(folder)/halo_degrees.npy", .uint32, shape: [halo.count]) { (range, out: UnsafeMutablePointer<UInt32>) in
        for (index, node) in range.enumerated() { out[index] = degree(Int(halo[node])) }
      },
      FileJob("\(folder)/original.npy", .int64, shape: [inner.count]) { (range, out: UnsafeMutablePointer<Int64>) in
        for (index, node) in range.enumerated() { out[index] = original(inner.lowerBound + node) }
      },
      FileJob("\(folder)/degrees.npy", .uint32, shape: [inner.count]) { (range, out: UnsafeMutablePointer<UInt32>) in
        for (index, node) in range.enumerated() { out[index] = degree(inner.lowerBound + node) }
      },
    ]
  }

  /// What batches are expected to read from other parts.
  private func expectedRows() -> [FileJob] {
    guard let expected else { return [] }
    let (nodes, probabilities, numbering) = (expected.nodes, expected.probabilities, numbering)
    return [
      FileJob("\(folder)/\(PartFiles.expectedRows).npy", .int64, shape: [nodes.count]) { (range, out: UnsafeMutablePointer<Int64>) in
        for (index, row) in range.enumerated() { out[index] = Int64(numbering.globalID(ofFlat: Int(nodes.pointer[row]))) }
      },
      FileJob("\(folder)/\(PartFiles.expectedProbabilities).npy", .float32, shape: [nodes.count]) {
        (range, out: UnsafeMutablePointer<Float>) in
        out.update(from: probabilities.pointer + range.lowerBound, count: range.count)
      },
    ]
  }

  /// Tables, labels and splits of the part's nodes of one type.
  private func nodeData(of type: Int) -> [FileJob] {
    let nodes = numbering.innerRange(of: part, type: type)
    let folder = "\(folder)/nodes/\(graph.schema.nodeTypes[type])"
    let numbering = numbering
    var jobs = splits.enumerated().flatMap { index, split in
      sets(of: split[part, type], folder: "\(folder)/\(Split.folder(split.name, index: index))")
    }
    if let labels = graph.nodes[type].labels {
      jobs.append(
        FileJob("\(folder)/labels.npy", .int32, shape: [nodes.count]) { (range, out: UnsafeMutablePointer<Int32>) in
          for (index, node) in range.enumerated() {
            out[index] = labels[numbering.original(ofGlobal: nodes.lowerBound + node, type: type)]
          }
        })
    }
    for description in tables where description.nodeType == type {
      guard let table = graph.nodes[type].tables[description.name] else { continue }
      let files = TableFiles(
        description: description, rows: .nodes(nodes, type: type, numbering), path: "\(folder)/\(description.name)")
      jobs += files.jobs(for: table)
    }
    return jobs
  }

  /// The three sets of one split.
  private func sets(of shard: SplitShards.Shard, folder: String) -> [FileJob] {
    func list(_ name: String, _ ids: [UInt32], shape: [Int]) -> FileJob {
      FileJob("\(folder)\(name).npy", .uint32, shape: shape) { (range, out: UnsafeMutablePointer<UInt32>) in
        for (index, position) in range.enumerated() { out[index] = ids[position] }
      }
    }
    return [
      list("train", shard.train, shape: [shard.train.count / 2, 2]),
      list("validation", shard.validation, shape: [shard.validation.count]), list("test", shard.test, shape: [shard.test.count]),
    ]
  }
}
