import Foundation
public import Graphs
import Synchronization
public import Tensors

/// Writes a partition directory: `graph.json` and a folder of arrays for each part.
///
/// The same graph and assignment give the same bytes for any number of threads. Beside the graph it holds 8 bytes an edge,
/// 26 bytes a node, and 8 bytes a halo node.
public enum PartitionWriter {
  /// Checks that `directory` may be written, before any long work is done.
  ///
  /// - Throws: `InputError` when something is there and `force` is not set, or it is not a partition directory; `SystemError`
  ///   when its parent is missing or takes no files.
  public static func checkTarget(_ directory: String, force: Bool) throws {
    try StagingDirectory.checkTarget(directory, force: force)
  }

  /// Writes the parts of `graph` to `directory` and returns its manifest.
  ///
  /// Rows and in-edges of the nodes in `assignment.reads.replicas` are kept with the parts that read them.
  ///
  /// Everything is written under a temporary name beside `directory`, flushed to the disk and moved there at the end; after
  /// an error nothing is left behind.
  ///
  /// - Parameters:
  ///   - types: Element types of the stored tables.
  ///   - only: The parts to write; all where `nil`. `graph.json` is the same in any case and describes every part: files of the
  ///     others are made for their checksums and removed.
  ///   - haloHops: In-edges are also kept of the halo nodes that are so many hops away or fewer.
  ///   - reports: Also writes `report.json` and `report.html`, which `graph.json` does not list.
  ///   - force: Replaces an older partition directory.
  ///   - edges: Where the edges are sorted, 8 bytes each.
  ///   - progress: Told the bytes of each finished file and the bytes of all; called from any thread.
  /// - Throws: `InputError` when graph, assignment or target are not fit; `SystemError` when the disk refuses.
  @discardableResult
  public static func write(
    _ graph: RawGraph, _ assignment: PartitionAssignment, to directory: String, types: TableTypes = TableTypes(), only: Set<Int>? = nil,
    haloHops: Int = 0, reports: Bool = false, force: Bool = false, edges: ArrayStorage = .memory, threads: Threads,
    progress: @escaping @Sendable (_ bytes: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Manifest {
    try checkTarget(directory, force: force)
    try graph.check(threads: threads)
    var types = types
    types.kept = Set(assignment.record.balancedTables)
    try types.check(graph)
    try check(assignment, of: graph)
    try check(only, partCount: assignment.partCount)
    let numbering = PartitionNumbering(
      graph: graph, parts: assignment.parts, partCount: assignment.partCount, order: assignment.order)
    let tables = describeTables(of: graph, types: types)
    let edgeTables = describeEdgeTables(of: graph, types: types)
    let weights = try assignment.record.balancedTables.map { (name: "weight:\($0)", column: try WeightColumn($0, of: graph)) }
    let inEdges = try InEdges(graph: graph, numbering: numbering, storage: edges, threads: threads)
    var parts = partFiles(
      graph: graph, numbering: numbering, inEdges: inEdges, tables: tables, edgeTables: edgeTables, weights: weights,
      reads: assignment.reads, threads: threads)
    let wanted = assignment.reads?.replicas ?? []
    if haloHops > 0 || !wanted.isEmpty { keepReplicas(&parts, wanted: wanted, hops: haloHops, threads: threads) }
    let jobs = parts.flatMap { $0.jobs() } + nameFiles(of: graph)
    try checkNames(of: jobs)

    let staging = try StagingDirectory(for: directory, force: force)
    do {
      for folder in Set(jobs.map { String($0.path[..<$0.path.lastIndex(of: "/")!]) }).sorted() { try staging.makeDirectory(folder) }
      let total = jobs.reduce(0) { $0 + $1.estimatedBytes }
      let kept = only.map { Set($0.map(PartFiles.folder)) }
      let files = try FileJob.run(jobs, in: staging.path, threads: threads) { path in
        kept?.contains(String(path.prefix { $0 != "/" })) ?? true
      } progress: {
        progress($0, total)
      }
      for part in parts.indices where !(only?.contains(part) ?? true) { try staging.remove(PartFiles.folder(part)) }
      let manifest = Manifest(
        name: graph.name, partCount: assignment.partCount, schema: graph.schema, bounds: numbering.bounds,
        parts: parts.map { $0.counts() }, tables: tables, edgeTables: edgeTables, splits: graph.splitNames,
        classCounts: graph.nodes.map { $0.labels == nil ? 0 : $0.classCount },
        classNames: graph.nodes.map(\.classNames), partitioner: assignment.record, metrics: assignment.metrics,
        randomMetrics: assignment.randomMetrics, expectedReads: assignment.reads?.reads,
        fingerprint: graph.fingerprint, files: files.sorted { $0.path < $1.path })
      try staging.write(manifest.encoded(), to: Manifest.fileName)
      if reports {
        let report = PartitionReport(manifest, details: PartitionDetails(inEdges, numbering: numbering, threads: threads))
        try staging.write(report.encoded(), to: PartitionReport.fileName)
        try staging.write(Array(ReportPage(report).html.utf8), to: ReportPage.fileName)
      }
      try staging.commit()
      return manifest
    } catch {
      staging.discard()
      throw error
    }
  }

  private static func check(_ order: Buffer<UInt32>, of graph: RawGraph, nodes: Int) throws {
    var seen = [Bool](repeating: false, count: nodes)
    for node in order.elements where Int(node) < nodes { seen[Int(node)] = true }
    guard order.count == nodes, seen.allSatisfy({ $0 }) else {
      throw InputError("order of \(graph.name)", expected: "each of \(nodes) nodes once", found: "\(order.count) entries of another kind")
    }
  }

  private static func check(_ only: Set<Int>?, partCount: Int) throws {
    guard let only else { return }
    guard !only.isEmpty, only.allSatisfy((0..<partCount).contains) else {
      throw InputError(
        "parts to write", expected: "some of 0 to \(partCount - 1)",
        found: only.isEmpty ? "none" : only.sorted().map(String.init).joined(separator: ", "))
    }
  }

  private static func check(_ assignment: PartitionAssignment, of graph: RawGraph) throws {
    let nodes = NodeNumbering(graph).count
    guard assignment.parts.count == nodes else {
      throw InputError("assignment of \(graph.name)", expected: "a part for each of \(nodes) nodes", found: "\(assignment.parts.count)")
    }
    var used = [Bool](repeating: false, count: assignment.partCount)
    for (node, part) in assignment.parts.enumerated() {
      guard Int(part) < assignment.partCount else {
        throw InputError("assignment of \(graph.name), node \(node)", expected: "a part below \(assignment.partCount)", found: "\(part)")
      }
      used[Int(part)] = true
    }
    if let order = assignment.order { try check(order, of: graph, nodes: nodes) }
    if let empty = used.firstIndex(of: false) {
      throw InputError("assignment of \(graph.name)", expected: "a node in each of \(used.count) parts", found: "none in part \(empty)")
    }
  }

  private static func describeTables(of graph: RawGraph, types: TableTypes) -> [TableDescription] {
    graph.nodes.enumerated().flatMap { type, node in
      node.tables.sorted { $0.key < $1.key }.map {
        TableDescription(storing: $0.value, name: $0.key, nodeType: type, types: types)
      }
    }
  }

  private static func describeEdgeTables(of graph: RawGraph, types: TableTypes) -> [TableDescription] {
    graph.edges.enumerated().flatMap { relation, edges in
      edges.tables.sorted { $0.key < $1.key }.map {
        TableDescription(
          storing: $0.value, name: $0.key, nodeType: graph.schema.relations[relation].destination, relation: relation, types: types)
      }
    }
  }

  /// The names of the nodes of each type that has some, in the order of the user's numbers: `names/<type>.npy` and its bounds.
  private static func nameFiles(of graph: RawGraph) -> [FileJob] {
    zip(graph.schema.nodeTypes, graph.nodes).flatMap { type, nodes -> [FileJob] in
      guard let names = nodes.names else { return [] }
      let place = PartFiles.names(ofType: type)
      return [
        FileJob("\(place).npy", .uint8, shape: [names.bytes.count]) { (range, out: UnsafeMutablePointer<UInt8>) in
          out.update(from: names.bytes.pointer + range.lowerBound, count: range.count)
        },
        FileJob("\(place).indptr.npy", .int64, shape: [names.offsets.count]) { (range, out: UnsafeMutablePointer<Int64>) in
          out.update(from: names.offsets.pointer + range.lowerBound, count: range.count)
        },
      ]
    }
  }

  /// Finds the halo of every part.
  private static func partFiles(
    graph: RawGraph, numbering: PartitionNumbering, inEdges: InEdges, tables: [TableDescription],
    edgeTables: [TableDescription], weights: [(name: String, column: WeightColumn)], reads: ReadForecast?, threads: Threads
  ) -> [PartFileJobs] {
    let splits = graph.splitNames.map { SplitShards($0, graph: graph, numbering: numbering) }
    let halos = Mutex([ArrayView<Int64>](repeating: ArrayView(), count: numbering.partCount))
    threads.forEach(numbering.partCount) { part in
      let members = HaloSet(of: part, inEdges: inEdges, numbering: numbering).members.view
      halos.withLock { $0[part] = members }
    }
    return halos.withLock { $0 }.enumerated().map { part, halo in
      PartFileJobs(
        graph: graph, numbering: numbering, inEdges: inEdges, splits: splits, tables: tables, edgeTables: edgeTables, weights: weights,
        part: part, halo: halo,
        replicas: nil, expected: reads?.expected[part])
    }
  }

  /// Chooses what every part keeps of other parts' nodes.
  ///
  /// - Parameter wanted: Flat numbers of nodes that are worth it, by part; may be empty.
  private static func keepReplicas(_ parts: inout [PartFileJobs], wanted: [Buffer<UInt32>], hops: Int, threads: Threads) {
    let files = Mutex([ReplicaFileJobs?](repeating: nil, count: parts.count))
    let all = parts
    threads.forEach(all.count) { index in
      let part = all[index]
      let sets = ReplicaSets(
        of: part.part, halo: part.halo, hops: hops, wanted: wanted.isEmpty ? Buffer(count: 0) : wanted[index], inEdges: part.inEdges,
        numbering: part.numbering)
      let jobs = ReplicaFileJobs(
        graph: part.graph, numbering: part.numbering, inEdges: part.inEdges, tables: part.tables, part: part.part, sets: sets)
      files.withLock { $0[index] = jobs }
    }
    for (index, jobs) in files.withLock({ $0 }).enumerated() { parts[index].replicas = jobs }
  }

  /// Tables share a folder with labels and splits: their files must not meet.
  private static func checkNames(of jobs: [FileJob]) throws {
    var seen: Set<String> = []
    for job in jobs where !seen.insert(job.path).inserted {
      throw InputError(job.path, expected: "one source", found: "two: a table has a reserved name")
    }
  }
}
