import Foundation
import Tensors
import Testing

/// Rows of sampled edges through `halo serve` and its clients in Swift and in Python, as programs.
@Suite(.serialized) struct ServedEdgesTests {
  private let folder: ScratchFolder
  private let servers: [RunningTool]
  private let peers: String

  /// A graph whose edges have rows of five columns, in three parts, each served.
  init() throws {
    folder = try ScratchFolder()
    let generate = [
      "dataset", "generate", "communities", "--nodes", "600", "--edges", "9000", "--features", "4", "--edge-features", "5", "--classes",
      "3",
      "--group-size", "50", "--seed", "5",
    ]
    try #require(try HaloTool.run(generate + ["-o", folder.path("dataset")]).status == 0)
    let partition = ["partition", folder.path("dataset"), "-k", "3", "--method", "random", "-o", folder.path("parts")]
    try #require(try HaloTool.run(partition).status == 0)
    let parts = folder.path("parts")
    servers = try (0..<3).map { try RunningTool(["serve", parts, "--part", "\($0)", "--seed", "11", "--json"]) }
    peers = try servers.map { server in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(try server.output.utf8)) as? [String: Any])
      return try #require((object["endpoints"] as? [String])?.first?.split(separator: "/").last.map(String.init))
    }.joined(separator: ",")
  }

  /// All in-edges of two nodes in the order of sources, then of the input, each with its row of the dataset.
  @Test func rowsOfAllInEdgesAreTheDatasets() throws {
    let outcome = try HaloTool.run([
      "pull", "--peers", peers, "--fanout", "all", "--edge-table", "feat", "--nodes", "5,3", "-o", folder.path("edges.npy"), "--json",
    ])
    let report = try outcome.object()
    #expect(report["files"] as? [String] == [folder.path("edges.npy"), folder.path("edges.feat.npy")])
    let sources = try NPYArray(mapping: folder.path("dataset/edges/edge/sources.npy")).elements(as: UInt32.self)
    let destinations = try NPYArray(mapping: folder.path("dataset/edges/edge/destinations.npy")).elements(as: UInt32.self)
    let rows = try NPYArray(mapping: folder.path("dataset/edges/edge/feat.npy")).elements(as: Float.self, shape: [9000, 5])
    let expected = ([5, 3] as [UInt32]).flatMap { node in
      sources.indices.filter { destinations[$0] == node }.sorted { (sources[$0], $0) < (sources[$1], $1) }
    }
    let edges = try NPYArray(mapping: folder.path("edges.npy")).elements(as: Int64.self, shape: [expected.count, 3])
    #expect(Array(edges) == expected.flatMap { [Int64(destinations[$0]), 0, Int64(sources[$0])] })
    let found = try NPYArray(mapping: folder.path("edges.feat.npy")).elements(as: Float.self, shape: [expected.count, 5])
    #expect(Array(found) == expected.flatMap { edge in (0..<5).map { rows[edge * 5 + $0] } } && expected.count > 10)
    let text = try HaloTool.run(["pull", "--peers", peers, "--fanout", "all", "--edge-table", "feat", "--nodes", "5,3"]).output
    let lines = expected.map { edge in
      (["\(destinations[edge]),edge,\(sources[edge])"] + (0..<5).map { "\(rows[edge * 5 + $0])" }).joined(separator: ",")
    }
    let header = "node,relation,neighbor," + (0..<5).map { "feat_\($0)" }.joined(separator: ",")
    #expect(text.split(separator: "\n").map(String.init) == [header] + lines)
  }

  @Test func sampledEdgesAreThoseWithoutRows() throws {
    let options = ["pull", "--peers", peers, "--fanout", "3", "--nodes", "5,599,5", "--step", "8"]
    let plain = try HaloTool.run(options).output.split(separator: "\n")
    let withRows = try HaloTool.run(options + ["--edge-table", "feat"]).output.split(separator: "\n")
    #expect(withRows.map { $0.split(separator: ",").prefix(3).joined(separator: ",") } == plain.map(String.init) && plain.count == 10)
  }

  @Test func errorsAreOneLine() throws {
    func line(_ arguments: [String]) throws -> String {
      try HaloTool.run(["pull", "--peers", peers, "--nodes", "1"] + arguments).errorLine()
    }
    #expect(try line(["--fanout", "3", "--edge-table", "x"]) == "halo: edge table: expected feat of 'edge', found 'x'")
    #expect(try line(["--fanout", "3", "--edge-table", "feat", "--relation", "y"]) == "halo: relation: expected edge, found 'y'")
    let taken = try folder.write("", to: "old.feat.npy")
    #expect(
      try line(["--fanout", "3", "--edge-table", "feat", "-o", folder.path("old.npy")])
        == "halo: \(taken): expected a new file (or --force), found one that exists")
    for wrong in [
      ["--edge-table", "feat"], ["--fanout", "3", "--relation", "edge"], ["--fanout", "3", "--edge-table", "feat", "--type", "node"],
    ] {
      #expect(try HaloTool.run(["pull", "--peers", peers, "--nodes", "1"] + wrong).status == 64)
    }
    #expect(try folder.contents().filter { $0.contains("partial") }.isEmpty)
  }

  @Test func whatIsServedIsDescribed() throws {
    let outcome = try HaloTool.run(["pull", "--peers", peers])
    let expected = """
      communities-600-9000: parts 0, 1, 2 of 3
      600 nodes of type 'node'
        table 'feat': dense rows of 4 columns, float32
      relation 'edge', 'node' to 'node'
        table 'feat': dense rows of 5 columns, float32

      """
    #expect(outcome.status == 0 && outcome.output == expected, "\(outcome)")
  }

  @Test(.enabled(if: PythonClient.python != nil, "needs python3-zmq and python3-numpy"))
  func thePythonClientGetsTheSame() throws {
    let nodes = [599, 0, 17, 0, 300, 301].map(String.init).joined(separator: ",")
    for (name, options) in [("sampled", ["--fanout", "4", "--step", "3", "--hop", "1"]), ("all", ["--fanout", "all"])] {
      let asked = ["--edge-table", "feat", "--nodes", nodes] + options
      let ours = try HaloTool.run(["pull", "--peers", peers, "-o", folder.path("\(name).npy")] + asked)
      try #require(ours.status == 0, "\(ours)")
      let theirs = try PythonClient.run([peers, "-o", folder.path("\(name)-python.npy")] + asked)
      try #require(theirs.status == 0, "\(theirs)")
      for suffix in ["", ".feat"] {
        let a = try NPYArray(mapping: folder.path("\(name)\(suffix).npy"))
        let b = try NPYArray(mapping: folder.path("\(name)-python\(suffix).npy"))
        #expect(a.shape == b.shape && a.elementType == b.elementType && a.shape[0] > 20)
        #expect(a.bytes.elementsEqual(b.bytes), "\(name)\(suffix)")
      }
    }
    let missing = try PythonClient.run([peers, "--fanout", "3", "--nodes", "1", "--edge-table", "x"])
    #expect(missing.status == 1 && missing.messages.contains("no edge table 'x'"), "\(missing)")
  }
}
