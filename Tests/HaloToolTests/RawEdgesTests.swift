import Foundation
import Testing

/// Raw edges of every kind, from the file to the parts and back to the names.
@Suite struct RawEdgesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func partition(_ input: String, _ options: [String]) throws -> HaloTool.Outcome {
    try HaloTool.run(["partition", input, "-o", folder.path("parts"), "--force", "--json", "-k", "2"] + options)
  }

  @Test func columnsAndSelfLoopsAreChosen() throws {
    let path = try folder.write("since,from,to,w\n1,0,1,2.5\n2,1,1,1\n3,1,2,4\n", to: "e.csv")
    let columns = ["--source-column", "from", "--destination-column", "to", "--weight-column", "w"]
    for (loops, edges) in [("keep", 3), ("drop", 2), ("add", 5)] {
      let report = try partition(path, columns + ["--self-loops", loops]).object()
      #expect(report["edges"] as? Int == edges && report["nodes"] as? Int == 3, "\(loops)")
      let outcome = try HaloTool.run(["verify", folder.path("parts")])
      #expect(outcome.status == 0, "\(outcome)")
    }
    #expect(FileManager.default.fileExists(atPath: folder.path("parts/part-000/weights.npy")))
    let wrong = try partition(path, ["--source-column", "nobody"]).errorLine()
    #expect(wrong == "halo: --source-column: expected a column of \(path) (since, from, to, w), found 'nobody'")
    #expect(try partition(path, columns + ["--id-memory", "50%"]).status == 64)
  }

  @Test func everyKindOfFileIsRead() throws {
    let matrix = try folder.write("%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 2\n", to: "m.mtx")
    #expect(try partition(matrix, []).object()["edges"] as? Int == 4)
    _ = try folder.write("0 1\n", to: "shards/b.txt")
    _ = try folder.write("1;2\n2;0\n", to: "shards/a.csv")
    #expect(try partition(folder.path("shards"), []).object()["edges"] as? Int == 3)
    let big = try folder.write("9000000000 -4\n-4 9000000001\n", to: "big.tsv")
    #expect(try partition(big, []).errorLine() == "halo: \(big):1: expected a node id below 4294967295, found '9000000000'")
    #expect(try partition(big, ["--ids", "compact"]).object()["nodes"] as? Int == 3)
  }

  @Test func aDatasetKeepsNamesAndSmallTablesChangeNoByte() throws {
    let lines = (0..<4000).map { "a name of node \($0 * 7 % 3001)\tb\($0 % 50)\n" }
    let path = try folder.write("# two columns\n" + lines.joined(), to: "named.tsv")
    for (name, memory) in [("large", "1GiB"), ("small", "1")] {
      let outcome = try HaloTool.run(
        ["dataset", "convert", path, "--ids", "compact", "--undirected", "--id-memory", memory, "-o", folder.path(name)])
      #expect(outcome.status == 0, "\(outcome)")
      #expect(outcome.messages.contains("through temporary files") == (name == "small"), "\(outcome)")
    }
    #expect(try folder.contents() == ["large", "named.tsv", "small"])
    for file in ["nodes/node/names.npy", "nodes/node/names.indptr.npy", "edges/edge/sources.npy", "edges/edge/destinations.npy"] {
      let (large, small) = (folder.url.appendingPathComponent("large/\(file)"), folder.url.appendingPathComponent("small/\(file)"))
      #expect(try Data(contentsOf: large) == Data(contentsOf: small), "\(file)")
    }
  }

  @Test func predictionsAreGatheredUnderTheNamesOfTheNodes() throws {
    let people = ["Ann", "Bob, Jr.", "Cy \"the\" Third", "Dee", "007", "Fay"]
    func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
    let edges = (0..<6).map { "\(quoted(people[$0])),\(quoted(people[($0 + 1) % 6]))\n" }.joined()
    let dataset = folder.path("people")
    let converted = try HaloTool.run(
      ["dataset", "convert", try folder.write(edges, to: "people.csv"), "--ids", "compact", "--header", "absent", "-o", dataset])
    try #require(converted.status == 0, "\(converted)")
    // Features, labels and a split by hand: there is no command that joins them to edges.
    try addNodeData(to: dataset, nodes: 6)
    for arguments in [
      ["partition", dataset, "-k", "2", "-o", folder.path("parts")],
      ["train", folder.path("parts"), "-o", folder.path("run"), "--epochs", "1", "--hidden", "4", "--fanout", "2", "--batch-size", "2"],
      ["infer", folder.path("run"), folder.path("parts"), "-o", folder.path("out")],
      ["gather", folder.path("out"), "-o", folder.path("classes.csv")],
    ] {
      let outcome = try HaloTool.run(arguments)
      try #require(outcome.status == 0, "\(outcome)")
    }
    let lines = try folder.text("classes.csv").split(separator: "\n").map(String.init)
    #expect(lines[0] == "node,prediction")
    let written = ["Ann", "\"Bob, Jr.\"", "\"Cy \"\"the\"\" Third\"", "Dee", "007", "Fay"]
    #expect(lines.dropFirst().map { $0.dropLast(2).description } == written)
  }

  /// Rewrites a dataset of edges with a table of features, labels and a split.
  private func addNodeData(to dataset: String, nodes: Int) throws {
    func array(_ name: String, _ descr: String, _ shape: String, _ bytes: [UInt8]) throws {
      var header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(shape)), }"
      header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
      let data = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0] + Array(header.utf8) + bytes
      try Data(data).write(to: URL(fileURLWithPath: "\(dataset)/nodes/node/\(name).npy"))
    }
    func little(_ values: [UInt32]) -> [UInt8] { values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } } }
    try array("feat", "<f4", "\(nodes), 2", little((0..<2 * nodes).map { Float($0).bitPattern }))
    try array("labels", "<i4", "\(nodes),", little((0..<nodes).map { UInt32($0 % 2) }))
    try array("train", "<u4", "3,", little([0, 1, 2]))
    try array("validation", "<u4", "1,", little([3]))
    try array("test", "<u4", "2,", little([4, 5]))
    let path = URL(fileURLWithPath: "\(dataset)/dataset.json")
    var manifest = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
    var types = try #require(manifest["nodeTypes"] as? [[String: Any]])
    types[0]["tables"] = [["name": "feat", "layout": "dense", "columns": 2, "elementType": "float32"]]
    (types[0]["hasLabels"], types[0]["classCount"], types[0]["splits"]) = (true, 2, ["default"])
    manifest["nodeTypes"] = types
    var files = try #require(manifest["files"] as? [[String: Any]])
    for (name, bytes) in [("feat", 8 * nodes), ("labels", 4 * nodes), ("train", 12), ("validation", 4), ("test", 8)] {
      files.append(["path": "nodes/node/\(name).npy", "size": 128 + bytes, "checksum": String(repeating: "0", count: 32)])
    }
    manifest["files"] = files
    try JSONSerialization.data(withJSONObject: manifest).write(to: path)
  }
}
