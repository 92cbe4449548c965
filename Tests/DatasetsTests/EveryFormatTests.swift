import Datasets
import Foundation
import Graphs
import Tensors
import Testing

/// Random graphs, written in every format that can hold them, read back as they were.
@Suite struct EveryFormatTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A graph without gaps: every node is the source of an edge; with repeated edges and self-loops.
  private func graph(_ random: inout TestRandom) -> (pairs: [[UInt32]], weights: [Float], nodes: Int) {
    let nodes = Int.random(in: 1...60, using: &random)
    var pairs = (0..<UInt32(nodes)).map { [$0, UInt32.random(in: 0..<UInt32(nodes), using: &random)] }
    for _ in 0..<Int.random(in: 0..<200, using: &random) {
      pairs.append((0..<2).map { _ in UInt32.random(in: 0..<UInt32(nodes), using: &random) })
    }
    pairs.shuffle(using: &random)
    let weights = pairs.map { _ in Float(Int.random(in: -64...64, using: &random)) / 8 }
    return (pairs, weights, nodes)
  }

  /// The text with what a list of edges may have besides edges.
  private func text(_ lines: [String], header: String?, _ random: inout TestRandom) -> String {
    let ends = ["\n", "\r\n"]
    var text = Bool.random(using: &random) ? "# comment\n\n" : ""
    if let header, Bool.random(using: &random) { text += header + "\n" }
    for line in lines {
      if Int.random(in: 0..<10, using: &random) == 0 { text += ["%\n", "\n", "# x, y\n"].randomElement(using: &random)! }
      text += line + ends.randomElement(using: &random)!
    }
    return Bool.random(using: &random) ? text : String(text.dropLast())
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func graphsReadBackTheSame(seed: UInt64) throws {
    var random = TestRandom(seed)
    let (pairs, weights, nodes) = graph(&random)
    let context = IngestContext(threads: Threads(Int.random(in: 1...3, using: &random)))
    func check(_ path: String, _ format: EdgeListFormat = EdgeListFormat(), sourceLocation: SourceLocation = #_sourceLocation) throws {
      let read = try GraphReader.read(path, format: format, context: context)
      let expected = format.weight == nil ? [] : weights
      #expect(
        read.pairs == pairs && read.weights == expected && read.nodes[0].count == nodes, "seed \(seed), \(path)",
        sourceLocation: sourceLocation)
    }
    for (name, separator) in [("comma", ","), ("tab", "\t"), ("blank", " "), ("semicolon", ";")] {
      let lines = text(pairs.map { "\($0[0])\(separator)\($0[1])" }, header: "u\(separator)v", &random)
      try check(folder.file("\(name).txt", lines))
      try check(folder.file("\(name).gz", lines))
      let table = zip(pairs, weights).map { ["x", "\"\($0[1])\"", "\($1)", "\($0[0])"].joined(separator: separator) }
      let format = EdgeListFormat(source: "3", destination: "1", weight: "2")
      try check(folder.file("\(name).csv", text(table, header: ["k", "to", "w", "from"].joined(separator: separator), &random)), format)
      let named = ["k", "to", "w", "from"].joined(separator: separator) + "\n" + text(table, header: nil, &random)
      try check(folder.file("\(name)-named.csv", named), EdgeListFormat(source: "from", destination: "to", weight: "w"))
    }
    let flat = pairs.flatMap { $0 }
    let rows = pairs.map { $0[0] } + pairs.map { $0[1] }
    if pairs.count != 2 {
      try check(folder.array("c32.npy", flat, .uint32, [pairs.count, 2]))
      try check(folder.array("c64.npy", flat.map { Int64($0) }, .int64, [pairs.count, 2]))
    }
    try check(folder.array("r32.npy", rows.map { Int32($0) }, .int32, [2, pairs.count]))
    try check(folder.array("r64.npy", rows.map { UInt64($0) }, .uint64, [2, pairs.count]))
    let ends = try [0, 1].map { end in try folder.array("e\(end).npy", pairs.map { Int64($0[end]) }, .int64, [pairs.count]) }
    try check(ends.joined(separator: ","))
    let weightFile = try folder.array("w.npy", weights, .float32, [pairs.count])
    try check((ends + [weightFile]).joined(separator: ","), EdgeListFormat(weight: "weight"))
    let entries = zip(pairs, weights).map { "\($0[0] + 1) \($0[1] + 1) \($1)\n" }.joined()
    let banner = "%%MatrixMarket matrix coordinate real general\n"
    try check(folder.file("m.mtx", banner + "\(nodes) \(nodes) \(pairs.count)\n" + entries), EdgeListFormat(weight: "weight"))
    for shard in 0..<3 {
      let part = pairs.enumerated().filter { $0.offset * 3 / pairs.count == shard }.map { "\($0.element[0]) \($0.element[1])" }
      try folder.file("shards-\(seed)/\(shard).txt", text(part, header: nil, &random))
    }
    try check(folder.path + "/shards-\(seed)")
    let whole = try GraphReader.read(folder.path + "/m.mtx", format: EdgeListFormat(weight: "weight"))
    try DatasetWriter.write(whole, to: folder.path + "/DS-\(seed)")
    let again = try GraphReader.read(folder.path + "/DS-\(seed)")
    #expect(again.pairs == pairs && again.weights == weights)
  }

  /// METIS holds simple symmetric graphs, in which edges stand once in each of two lists.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func symmetricGraphsReadBackTheSameFromMETIS(seed: UInt64) throws {
    var random = TestRandom(seed)
    let (list, _, nodes) = graph(&random)
    let known = EdgeList(sources: ArrayView(list.map { $0[0] }), destinations: ArrayView(list.map { $0[1] }))
    var simple = RawGraph(name: "g", schema: .plain, nodes: [NodeData(count: nodes)], edges: [known])
    _ = EdgeTransforms(dedup: true, undirected: true, selfLoops: .drop).apply(to: &simple, threads: Threads(1))
    let lists = (0..<UInt32(nodes)).map { node in simple.pairs.filter { $0[0] == node }.map { $0[1] } }
    let expected = lists.enumerated().flatMap { node, list in list.map { [UInt32(node), $0] } }
    func weight(_ a: UInt32, _ b: UInt32) -> UInt32 { (a + b) % 7 + 1 }
    for format in ["", "001", "011 2", "111", "100"] {
      let text = lists.enumerated().map { node, list in
        let head = format.hasPrefix("1") ? ["5"] : []
        let weights = format == "011 2" ? ["\(node)", "3"] : format == "111" ? ["\(node)"] : []
        let ends = list.flatMap { ["\($0 + 1)"] + (["001", "011 2", "111"].contains(format) ? ["\(weight(UInt32(node), $0))"] : []) }
        return (head + weights + ends).joined(separator: " ") + "\n"
      }
      let path = try folder.file("g.graph", "% c\n\(nodes) \(expected.count / 2) \(format)\n" + text.joined())
      let read = try GraphReader.read(path, format: EdgeListFormat(weight: "weight"))
      #expect(read.pairs == expected && read.nodes[0].count == nodes, "seed \(seed), format \(format)")
      let weighted = ["001", "011 2", "111"].contains(format)
      #expect(read.weights == expected.map { weighted ? Float(weight($0[0], $0[1])) : 1 }, "seed \(seed), format \(format)")
    }
  }

  /// Any numbers or names give the same graph as the numbers by first appearance.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func namedGraphsReadBackTheSame(seed: UInt64) throws {
    var random = TestRandom(seed)
    let (pairs, weights, nodes) = graph(&random)
    var context = IngestContext(threads: Threads(Int.random(in: 1...3, using: &random)))
    context.idTableBytes = Bool.random(using: &random) ? 0 : 1 << 20
    let bases = (0..<nodes).map { _ in Int64(bitPattern: random.next()) >> Int64.random(in: 0..<20, using: &random) }
    let ids = Set(bases).count == nodes ? bases : (0..<nodes).map { Int64($0) * 1_000_003 - 7 }
    let names = ids.map { id in "node \(id), \(String(repeating: "\"", count: Int(UInt64(bitPattern: id) % 3)))x" }
    func check(_ path: String, _ format: EdgeListFormat, _ spelling: (UInt32) -> String) throws {
      let read = try GraphReader.read(path, format: format, context: context)
      #expect(read.namedPairs == pairs.map { $0.map(spelling) }, "seed \(seed), \(path)")
      #expect(read.nodes[0].count == nodes && read.weights == (format.weight == nil ? [] : weights), "seed \(seed), \(path)")
      var seen = Set<UInt32>()
      let firsts = read.pairs.flatMap { $0 }.filter { seen.insert($0).inserted }
      #expect(firsts == Array(0..<UInt32(nodes)), "seed \(seed), \(path)")
    }
    func quoted(_ id: UInt32) -> String { "\"\(names[Int(id)].replacing("\"", with: "\"\""))\"" }
    let lines = zip(pairs, weights).map { "\(quoted($0[0])),\(quoted($0[1])),\($1)" }
    try check(
      folder.file("names.csv", text(lines, header: nil, &random)), EdgeListFormat(weight: "2", header: .absent, ids: .compact)
    ) { names[Int($0)] }
    let flat = pairs.flatMap { $0 }.map { ids[Int($0)] }
    if pairs.count != 2 {
      try check(folder.array("ids.npy", flat, .int64, [pairs.count, 2]), EdgeListFormat(ids: .compact)) { "\(ids[Int($0)])" }
    }
    let numbers = pairs.map { "\(ids[Int($0[0])]) \(ids[Int($0[1])])" }
    try check(folder.file("ids.txt", text(numbers, header: "u v", &random)), EdgeListFormat(ids: .compact)) { "\(ids[Int($0)])" }
  }

  /// Damaged bytes give a graph or one error, never a crash; a cut file seldom reads as a whole.
  @Test(arguments: 0..<60 as Range<UInt64>)
  func damagedFilesAreErrorsOrGraphs(seed: UInt64) throws {
    var random = TestRandom(seed)
    let (pairs, weights, nodes) = graph(&random)
    let list = Array(zip(pairs, weights).map { "\($0[0]),\"\($0[1])\",\($1)\r\n" }.joined().utf8)
    let entries = zip(pairs, weights).map { "\($0[0] + 1) \($0[1] + 1) \($1)\n" }.joined()
    let matrix = Array("%%MatrixMarket matrix coordinate real general\n\(nodes) \(nodes) \(pairs.count)\n\(entries)".utf8)
    let array = Array(
      try Data(contentsOf: URL(fileURLWithPath: try folder.array("a.npy", pairs.flatMap { $0 }, .uint32, [pairs.count, 2]))))
    for (name, sound) in [("l.csv", list), ("l.csv.gz", list), ("m.mtx", matrix), ("b.npy", array)] {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: position)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<20, using: &random)))
        }
      }
      let path = try folder.file(name, bytes: bytes)
      for ids in EdgeListFormat.IDs.allCases where ids == .dense || name != "m.mtx" {
        var context = IngestContext()
        context.idTableBytes = 0
        let format = name.hasPrefix("l") ? EdgeListFormat(weight: "2", ids: ids) : EdgeListFormat(ids: ids)
        do {
          // Ids may become large: a number of nodes bounds them.
          let graph = try GraphReader.read(path, nodeCount: ids == .dense && name != "m.mtx" ? 1000 : nil, format: format, context: context)
          #expect(graph.edges[0].sources.allSatisfy { $0 < graph.nodes[0].count })
          #expect(graph.edges[0].destinations.allSatisfy { $0 < graph.nodes[0].count })
        } catch {
          #expect("\(error)".split(separator: "\n", omittingEmptySubsequences: false).count == 1, "seed \(seed), \(name): \(error)")
        }
      }
    }
  }
}
