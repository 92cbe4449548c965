public import Graphs
public import Partitions
public import Tensors

/// What a partition will take, before it is made: disk and memory from counts, time from measured rates.
public struct PartitionForecast: Codable, Hashable, Sendable {
  /// A prediction as two ends: graphs with clear groups are near the lower, skewed ones without any near the upper.
  public struct Span: Codable, Hashable, Sendable {
    public var low: Double
    public var high: Double
  }

  public var name: String
  public var method: String
  public var nodes: Int
  public var edges: Int
  public var parts: Int
  /// Array files.
  public var files: Int
  /// Bytes of all arrays but the halo's elements: exact.
  public var diskWithoutHalo: Int
  /// Bytes that the halo of a random partition is expected to take; other methods stay below.
  public var diskOfRandomHalo: Int
  /// Bytes at most of the rows that parts expect to read from others; 0 where nobody asks.
  public var diskOfExpectedRows: Int
  /// Predicted bytes of all arrays.
  public var disk: Int
  /// Predicted peak of the process, bytes, pages of mapped files aside.
  public var memory: Span
  /// Bytes of tables, which are mapped as they are read and stay in memory as far as there is room.
  public var mappedTables: Int
  /// Most bytes of temporary files.
  public var scratch: Int
  /// Predicted seconds of wall time on two cores of the machine where the rates were measured.
  public var seconds: Span
  /// What the predictions take for granted.
  public var assumptions: [String]

  /// Predicts what `Partitioner.assign` and `PartitionWriter.write` will take; nothing is partitioned.
  ///
  /// - Throws: `InputError` when the options do not fit the graph, or allow less memory than the leanest way takes.
  /// - Complexity: O(edges + nodes).
  public init(_ graph: RawGraph, _ options: PartitionOptions, types: TableTypes, threads: Threads = Threads(1)) throws {
    try options.validate(for: graph)
    let size = DirectorySize(graph, partCount: options.partCount, types: types, expectsReads: options.batches != nil)
    let rates = PartitionRates(options.method, edges: graph.edges.reduce(0) { $0 + $1.count })
    let randomHalo = Int(RandomHalo.expectedNodes(graph, partCount: options.partCount).rounded())
    name = graph.name
    method = options.method.name
    parts = options.partCount
    nodes = graph.nodes.reduce(0) { $0 + $1.count }
    edges = graph.edges.reduce(0) { $0 + $1.count }
    files = size.files
    diskWithoutHalo = size.withoutHalo
    diskOfRandomHalo = DirectorySize.bytesOfHaloNode * randomHalo
    // A part lists as many rows at most as it has nodes.
    let expectedRows = options.batches == nil ? 0 : nodes
    diskOfExpectedRows = DirectorySize.bytesOfExpectedRow * expectedRows
    disk = size.bytes(haloNodes: Int((Double(randomHalo) * rates.haloOverRandom).rounded()), expectedRows: expectedRows)
    let plan = try PartitionMemory(graph, options, threads: threads)
    (memory, scratch, mappedTables) = (plan.peak, plan.scratch, Self.tableBytes(of: graph))
    let files = rates.secondsPerByte * Double(disk + plan.scratch) + rates.secondsPerPass * Double(plan.passes * edges)
    let work = Double(edges) * rates.slowdown(nodes: nodes)
    seconds = Span(low: rates.seconds.low * work + files, high: rates.seconds.high * work + files)
    assumptions = rates.assumptions
    if options.batches != nil { assumptions.append("no time for weighing edges and expecting reads, which come on top") }
    if options.replicas > 0 || options.haloHops > 0 { assumptions.append("neither disk nor time for replicas, which come on top") }
  }

  private static func tableBytes(of graph: RawGraph) -> Int {
    (graph.nodes.flatMap(\.tables.values) + graph.edges.flatMap(\.tables.values)).reduce(0) { sum, table in
      switch table {
      case .dense(let rows): sum + rows.bytes.count
      case .sparse(let rows): sum + 8 * rows.indices.count
      }
    }
  }
}

extension PartitionForecast: CustomStringConvertible {
  /// A few lines for a terminal, each number with how far it is to be trusted.
  public var description: String {
    var lines = ["\(name): \(nodes) nodes, \(edges) edges, \(parts) parts by \(method); nothing is written"]
    lines.append("disk    \(Self.bytes(Double(disk))) predicted: \(Self.bytes(Double(diskWithoutHalo))) in \(files) arrays, exact,")
    lines.append("        and up to \(Self.bytes(Double(diskOfRandomHalo))) for the halo, which is what a random partition would have")
    if diskOfExpectedRows > 0 {
      lines.append("        and up to \(Self.bytes(Double(diskOfExpectedRows))) for the rows that batches read most")
    }
    lines.append("memory  \(Self.bytes(memory.low)) to \(Self.bytes(memory.high)) at the peak, predicted, pages of mapped files aside")
    if scratch > 0 { lines.append("        and up to \(Self.bytes(Double(scratch))) in temporary files") }
    lines.append("time    \(Self.seconds(seconds.low)) to \(Self.seconds(seconds.high)), predicted")
    return (lines + ["predictions take for granted:"] + assumptions.map { "- \($0)" }).joined(separator: "\n")
  }

  /// `3.21 GB`.
  private static func bytes(_ value: Double) -> String {
    for (unit, size) in [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where value >= size {
      return "\(hundredths(value / size)) \(unit)"
    }
    return "\(Int(value)) B"
  }

  private static func seconds(_ value: Double) -> String {
    value < 600 ? "\(hundredths(value)) s" : "\(hundredths(value / 60)) min"
  }

  private static func hundredths(_ value: Double) -> String {
    let number = Int((value * 100).rounded())
    return "\(number / 100)." + (number % 100 < 10 ? "0" : "") + "\(number % 100)"
  }
}
