import Foundation
import Tensors
import Testing

/// `halo serve`, and its clients in Swift and in Python, as programs.
@Suite(.serialized) struct ServeTests {
  private let folder: ScratchFolder
  private let servers: [RunningTool]
  private let peers: String

  /// A graph in three parts, each served; tables are stored as bfloat16.
  init() throws {
    folder = try ScratchFolder()
    let generate = [
      "dataset", "generate", "communities", "--nodes", "600", "--edges", "9000", "--features", "12", "--classes", "3", "--group-size", "50",
    ]
    try #require(try HaloTool.run(generate + ["--seed", "5", "-o", folder.path("dataset")]).status == 0)
    let partition = [
      "partition", folder.path("dataset"), "-k", "3", "--method", "random", "--feature-type", "bfloat16", "-o", folder.path("parts"),
    ]
    try #require(try HaloTool.run(partition).status == 0)
    let parts = folder.path("parts")
    servers = try (0..<3).map { try RunningTool(["serve", parts, "--part", "\($0)", "--seed", "11", "--json"]) }
    peers = try servers.map { server in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(try server.output.utf8)) as? [String: Any])
      return try #require((object["endpoints"] as? [String])?.first?.split(separator: "/").last.map(String.init))
    }.joined(separator: ",")
  }

  @Test func rowsArriveInTheOrderOfTheNodes() throws {
    let file = try folder.write("599\n0\n\n 17\n0\n", to: "nodes.txt")
    let outcome = try HaloTool.run([
      "pull", "--peers", peers, "--table", "feat", "--nodes", file, "-o", folder.path("rows.npy"), "--json",
    ])
    let report = try outcome.object()
    #expect(report["count"] as? Int == 4 && report["files"] as? [String] == [folder.path("rows.npy")])
    let rows = try NPYArray(mapping: folder.path("rows.npy"))
    let whole = try NPYArray(mapping: folder.path("dataset/nodes/node/feat.npy")).elements(as: Float.self)
    #expect(rows.shape == [4, 12])
    let values = try rows.elements(as: Float.self)
    for (row, node) in [599, 0, 17, 0].enumerated() {
      for column in 0..<12 {
        let value = whole[node * 12 + column]
        #expect(abs(values[row * 12 + column] - value) <= abs(value) / 256, "node \(node), column \(column)")
      }
    }
    let text = try HaloTool.run(["pull", "--peers", peers, "--table", "feat", "--nodes", "599,0"])
    #expect(text.status == 0 && text.output.hasPrefix("node,feat_0,feat_1,") && text.output.split(separator: "\n").count == 3)
    #expect(text.output.split(separator: "\n")[1] == "599," + (0..<12).map { "\(values[$0])" }.joined(separator: ","))
  }

  @Test func allNeighborsAreTheInEdgesOfTheGraph() throws {
    let outcome = try HaloTool.run(["pull", "--peers", peers, "--fanout", "all", "--nodes", "5,3", "-o", folder.path("edges.csv")])
    try #require(outcome.status == 0, "\(outcome)")
    let sources = try NPYArray(mapping: folder.path("dataset/edges/edge/sources.npy")).elements(as: UInt32.self)
    let destinations = try NPYArray(mapping: folder.path("dataset/edges/edge/destinations.npy")).elements(as: UInt32.self)
    let lines = ([5, 3] as [UInt32]).flatMap { node in
      sources.indices.filter { destinations[$0] == node }.map { sources[$0] }.sorted().map { "\(node),edge,\($0)" }
    }
    #expect(try folder.text("edges.csv").split(separator: "\n").map(String.init) == ["node,relation,neighbor"] + lines)
    let sampled = try HaloTool.run(["pull", "--peers", peers, "--fanout", "3", "--nodes", "5", "--step", "8"])
    let taken = sampled.output.split(separator: "\n").dropFirst().map(String.init)
    #expect(taken.count == 3 && taken.allSatisfy(lines.contains))
    #expect(try HaloTool.run(["pull", "--peers", peers, "--fanout", "3", "--nodes", "5", "--step", "8"]).output == sampled.output)
    #expect(try HaloTool.run(["pull", "--peers", peers, "--fanout", "3", "--nodes", "5", "--step", "9"]).output != sampled.output)
  }

  @Test func errorsAreOneLine() throws {
    func line(_ arguments: [String]) throws -> String { try HaloTool.run(["pull", "--peers", peers] + arguments).errorLine() }
    #expect(try line(["--table", "x", "--nodes", "1"]) == "halo: table: expected feat, found 'x'")
    #expect(
      try line(["--table", "feat", "--nodes", "600"]).contains("refused a request: search of nodes: expected a node of 'node' below 600"))
    #expect(try line(["--table", "feat", "--nodes", "1", "--token", "3"]).hasSuffix("refused a request: the token is not this server's"))
    #expect(try line(["--fanout", "0", "--nodes", "1"]).hasPrefix("halo: --fanout: expected whole numbers above 0, or all"))
    #expect(
      try line(["--table", "feat", "--nodes", folder.write("1\nx\n", to: "n")])
        == "halo: \(folder.path("n")):2: expected a node's number, found 'x'")
    let one = String(peers.split(separator: ",")[0])
    let alone = try HaloTool.run(["pull", "--peers", one, "--table", "feat", "--nodes", (0..<600).map(String.init).joined(separator: ",")])
    #expect(try alone.errorLine().hasSuffix(": expected a node of the parts [0] that are served, found one of another part"))
    let gone = try HaloTool.run(["pull", "--peers", "127.0.0.1:9", "--timeout", "0.3"]).errorLine()
    #expect(gone == "halo: worker 0 (tcp://127.0.0.1:9) owes an answer and has sent nothing for 0.3 s")
    let taken = try HaloTool.run(["serve", folder.path("parts"), "--part", "0", "--bind", "tcp://\(one)"]).errorLine()
    #expect(taken == "halo: listen on \(one): Address already in use")
    let absent = try HaloTool.run(["serve", folder.path("parts"), "--part", "3"]).errorLine()
    #expect(absent == "halo: \(folder.path("parts")): expected a part below 3, found part 3")
    #expect(try HaloTool.run(["pull", "--peers", peers, "--table", "feat"]).status == 64)
    #expect(try folder.contents().filter { $0.contains("partial") }.isEmpty)
  }

  @Test func whatIsServedIsDescribed() throws {
    let outcome = try HaloTool.run(["pull", "--peers", peers])
    let expected = """
      communities-600-9000: parts 0, 1, 2 of 3
      600 nodes of type 'node'
        table 'feat': dense rows of 12 columns, bfloat16
      relation 'edge', 'node' to 'node'

      """
    #expect(outcome.status == 0 && outcome.output == expected, "\(outcome)")
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func aSignalEndsTheServerInGoodOrder(signal: Int32) throws {
    let end = try servers[1].stop(signal)
    #expect(end.status == 0)
    #expect(end.messages == "served 0 requests, refused 0, dropped 0 messages; 0 bytes came, 0 went\n")
  }

  @Test(.enabled(if: PythonClient.python != nil, "needs python3-zmq and python3-numpy"))
  func thePythonClientGetsTheSame() throws {
    let nodes = [599, 0, 17, 0, 300, 301].map(String.init).joined(separator: ",")
    for (name, options) in [
      ("rows", ["--table", "feat"]), ("sampled", ["--fanout", "4", "--step", "3", "--hop", "1"]), ("all", ["--fanout", "all"]),
    ] {
      let ours = try HaloTool.run(["pull", "--peers", peers, "--nodes", nodes, "-o", folder.path("\(name).npy")] + options)
      try #require(ours.status == 0, "\(ours)")
      let theirs = try PythonClient.run([peers, "--nodes", nodes, "-o", folder.path("\(name)-python.npy")] + options)
      try #require(theirs.status == 0, "\(theirs)")
      let (a, b) = (try NPYArray(mapping: folder.path("\(name).npy")), try NPYArray(mapping: folder.path("\(name)-python.npy")))
      #expect(a.shape == b.shape && a.elementType == b.elementType && a.shape[0] > 0)
      #expect(a.bytes.elementsEqual(b.bytes), "\(name)")
    }
    let labor = ["--fanout", "5", "--nodes", nodes]
    let text = try HaloTool.run(["pull", "--peers", peers, "--sampler", "labor"] + labor).output
    let lines = text.split(separator: "\n").dropFirst().map { String($0).replacing(",edge,", with: ",0,") }
    #expect(try PythonClient.run([peers, "--labor"] + labor).output.split(separator: "\n").map(String.init) == lines && !lines.isEmpty)
  }

  @Test(.enabled(if: PythonClient.python != nil, "needs python3-zmq and python3-numpy"))
  func thePythonClientHearsWhyNot() throws {
    for (options, reason) in [
      (["--nodes", "600", "--table", "feat"], "refused: search of nodes: expected a node of 'node' below 600, found 600"),
      (["--nodes", "1", "--table", "x"], "no table 'x'"), (["--token", "9"], "refused: the token is not this server's"),
    ] {
      let outcome = try PythonClient.run([peers] + options)
      #expect(outcome.status == 1 && outcome.messages.hasPrefix("halo_client: ") && outcome.messages.contains(reason), "\(outcome)")
    }
  }
}

/// The protocol's second implementation.
enum PythonClient {
  private static let root = URL(fileURLWithPath: #filePath + "/../../..").standardizedFileURL.path

  /// A Python that has what the client needs; `nil` where none has.
  static let python: String? = ["python3", "/usr/bin/python3"].first { python in
    (try? HaloTool.run(program: python, ["-c", "import numpy, zmq"]))?.status == 0
  }

  static func run(_ arguments: [String]) throws -> HaloTool.Outcome {
    try HaloTool.run(program: try #require(python), ["\(root)/tools/halo_client.py"] + arguments)
  }
}
