import ArgumentParser
import Configuration
import Foundation
import Graphs
import Partitions
import Serving
import Tensors

struct PullCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Ask 'halo serve' for rows or sampled neighbours, by your node numbers.",
    discussion: """
      --table pulls the rows of a table, --fanout the sampled in-neighbours; with neither, what is served is described. --fanout with \
      --edge-table samples the in-edges of that table's relation and pulls their rows too. Every peer serves one part: name those of all \
      parts that your nodes may lie in, and each node is found at its owner. Text goes to standard output or to FILE.csv, arrays to \
      FILE.npy: rows as (nodes, columns), neighbours as (edges, 3) of node, relation and neighbour, the rows of edges beside them as \
      FILE.TABLE.npy, (edges, columns). Rows of bfloat16 and int8 are written as the float32 they stand for; a sparse table becomes \
      FILE.indptr.npy, FILE.indices.npy and FILE.data.npy.
      """)

  @Option(help: ArgumentHelp("Servers, ADDRESS:PORT, separated by commas.", valueName: "endpoints"))
  var peers: String

  @Option(help: "Table whose rows are pulled.")
  var table: String?

  @Option(help: "In-neighbours taken of each node: a number or 'all', one for every relation or one for each, 5,all.")
  var fanout: String?

  @Option(help: ArgumentHelp("Table whose rows of the sampled edges are pulled beside them.", valueName: "table"))
  var edgeTable: String?

  @Option(help: ArgumentHelp("Relation of the edge table, where several have one of its name.", valueName: "relation"))
  var relation: String?

  @Option(help: ArgumentHelp("Nodes by your numbers: 3,1,4, a text file with one a line, or a .npy array of integers.", valueName: "nodes"))
  var nodes: String?

  @Option(help: ArgumentHelp("Node type of the nodes (default: the table's, or the only one).", valueName: "type"))
  var type: String?

  @Option(help: "Which in-neighbours are taken: 'uniform' or 'labor'.")
  var sampler = TrainingConfiguration.Sampler.uniform

  @Option(help: "Step of the run, key of the samples.")
  var step: UInt32 = 0

  @Option(help: "Distance from the seeds of a batch, key of the samples.")
  var hop: UInt8 = 0

  @Option(help: "Number that the servers expect.")
  var token: UInt64 = 0

  @Option(help: ArgumentHelp("Time after which a silent server is given up.", valueName: "seconds"))
  var timeout = 10.0

  @Option(name: .shortAndLong, help: ArgumentHelp("File to make, .npy or .csv (default: text on standard output).", valueName: "file"))
  var output: String?

  @OptionGroup var force: ForceOption
  @OptionGroup var report: ReportOptions

  func validate() throws {
    if table != nil && fanout != nil { throw ValidationError("--table and --fanout exclude each other") }
    if edgeTable != nil && fanout == nil { throw ValidationError("--edge-table goes with --fanout") }
    if edgeTable != nil && type != nil { throw ValidationError("--edge-table and --type exclude each other: the relation has the type") }
    if relation != nil && edgeTable == nil { throw ValidationError("--relation goes with --edge-table") }
    if (table != nil || fanout != nil) != (nodes != nil) { throw ValidationError("--nodes goes with --table or --fanout") }
    if !(timeout > 0 && timeout < 1e6) { throw ValidationError("--timeout must be above 0") }
    if report.json, output == nil, nodes != nil { throw ValidationError("--json needs --output: standard output is the text") }
    if let output, ![".npy", ".csv"].contains(where: output.hasSuffix) {
      throw ValidationError("--output must end in .npy or .csv")
    }
    if output != nil, nodes == nil { throw ValidationError("--output goes with --table or --fanout") }
  }

  func run() throws {
    if let existing = targets.first(where: FileManager.default.fileExists(atPath:)), !force.force {
      throw InputError(existing, expected: "a new file (or --force)", found: "one that exists")
    }
    let numbers = try nodes.map { try NodeList.read($0) } ?? []
    let endpoints = peers.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard !endpoints.contains(where: \.isEmpty) else { throw ConfigurationError("--peers", expected: "ADDRESS:PORT", found: "'\(peers)'") }
    let client = try PartClient(peers: endpoints, token: token, timeoutSeconds: timeout)
    if let table {
      try pullRows(of: table, numbers, client)
    } else if let fanout {
      let limits = try Self.limits(fanout, relations: client.graph.relations.count)
      if let edgeTable {
        try pullEdges(numbers, limits, client.edgeTable(named: edgeTable, relation: relation), client)
      } else {
        try pullNeighbors(numbers, limits, client)
      }
    } else {
      try report.show(PeerReport(graph: client.graph, parts: client.parts))
    }
  }

  private func pullRows(of table: String, _ numbers: [Int64], _ client: PartClient) throws {
    let rows = try client.rows(of: client.table(named: table, nodeType: type), numbers)
    try deliver("rows of \(table)", count: numbers.count, client, array: rows.writeArrays, text: rows.writeText)
  }

  private func pullNeighbors(_ numbers: [Int64], _ limits: [Int], _ client: PartClient) throws {
    let neighbors = try client.neighbors(
      of: numbers, type: client.nodeType(named: type), limits: limits, purpose: purpose, hop: Int(hop), step: step)
    let write: (String) throws -> [String] = { path in
      try neighbors.writeArray(to: path)
      return [path]
    }
    try deliver("sampled in-edges", count: neighbors.edges.count, client, array: write, text: neighbors.writeText)
  }

  private func pullEdges(_ numbers: [Int64], _ limits: [Int], _ table: TableDescription, _ client: PartClient) throws {
    let (neighbors, rows) = try client.edges(
      of: numbers, table: table, limit: limits[table.slot], purpose: purpose, hop: Int(hop), step: step)
    let write: (String) throws -> [String] = { path in
      let files = try rows.writeArrays(to: Self.path(ofRows: table.name, beside: path))
      try neighbors.writeArray(to: path)
      return [path] + files
    }
    try deliver("sampled in-edges with rows of \(table.name)", count: rows.count, client, array: write, text: rows.writeText)
  }

  private var purpose: RandomPurpose { sampler == .labor ? .labor : .sample }

  /// Where the rows of sampled edges are written beside the edges.
  private static func path(ofRows table: String, beside path: String) -> String { "\(path.dropLast(4)).\(table).npy" }

  /// Files that are made.
  private var targets: [String] {
    guard let output else { return [] }
    guard let edgeTable, output.hasSuffix(".npy") else { return [output] }
    return [output, Self.path(ofRows: edgeTable, beside: output)]
  }

  /// Writes what was pulled to where it is wanted.
  private func deliver(
    _ what: String, count: Int, _ client: PartClient, array: (String) throws -> [String], text: ((String) throws -> Void) throws -> Void
  ) throws {
    guard let output else { return try text { try StandardStream.output.write($0) } }
    var files = [output]
    if output.hasSuffix(".npy") {
      files = try array(output)
    } else {
      let partial = "\(output).partial-\(getpid())"
      defer { unlink(partial) }
      guard FileManager.default.createFile(atPath: partial, contents: nil), let file = FileHandle(forWritingAtPath: partial) else {
        throw SystemError("create \(partial)", code: errno)
      }
      do { try text { try file.write(contentsOf: Data($0.utf8)) } } catch { throw SystemError("write \(partial)", code: errno) }
      try file.close()
      guard rename(partial, output) == 0 else { throw SystemError("rename \(partial) to \(output)", code: errno) }
    }
    try report.show(PullReport(what: what, count: count, files: files, bytesReceived: client.bytesReceived))
  }

  /// The limit of each relation.
  private static func limits(_ text: String, relations: Int) throws -> [Int] {
    let fields = text.split(separator: ",", omittingEmptySubsequences: false)
    let limits = fields.map { $0 == "all" ? Int.max : Int($0) ?? 0 }
    guard limits.allSatisfy({ $0 > 0 }), limits.count == 1 || limits.count == relations else {
      throw ConfigurationError(
        "--fanout", expected: "whole numbers above 0, or all: one, or one for each of \(relations) relations", found: "'\(text)'")
    }
    return limits.count == 1 ? [Int](repeating: limits[0], count: relations) : limits
  }
}

/// What was pulled.
private struct PullReport: Encodable, CustomStringConvertible {
  var what: String
  var count: Int
  var files: [String]
  /// Bytes of all messages of the servers, headers included.
  var bytesReceived: Int

  var description: String { "\(files.joined(separator: ", ")): \(count) \(what), \(bytesReceived) bytes received" }
}

/// What the peers serve.
private struct PeerReport: Encodable, CustomStringConvertible {
  var graph: ServedGraph
  /// Parts that the peers serve.
  var parts: [Int]

  var description: String {
    var lines = ["\(graph.name): parts \(parts.map(String.init).joined(separator: ", ")) of \(graph.partCount)"]
    for (type, name) in graph.nodeTypes.enumerated() {
      lines.append("\(graph.nodeCount(ofType: type)) nodes of type '\(name)'")
      lines += graph.tables.filter { $0.nodeType == type }.map(Self.line)
    }
    for (number, relation) in graph.relations.enumerated() {
      lines.append("relation '\(relation.name)', '\(graph.nodeTypes[relation.source])' to '\(graph.nodeTypes[relation.destination])'")
      lines += (graph.edgeTables ?? []).filter { $0.slot == number }.map(Self.line)
    }
    return lines.joined(separator: "\n")
  }

  private static func line(of table: TableDescription) -> String {
    "  table '\(table.name)': \(table.layout.rawValue) rows of \(table.columns) columns, \(table.elementType.rawValue)"
  }
}
