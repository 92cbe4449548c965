import Foundation
import Graphs
import Partitions
import Tensors
import Testing

/// Several named splits of one graph, through writer, reader and verifier.
@Suite struct SplitsTests {
  private static let names = ["b", "a", "fixed-0"]

  /// Two node types of `papers` nodes and half as many authors; every type has some of the splits, in its own order.
  private static func graph(papers: Int, seed: UInt64) -> RawGraph {
    let key = RandomKey(seed: seed, purpose: .generator)
    func draw(_ id: Int, below bound: Int, _ step: UInt32) -> Int {
      Int(boundedIndex(key.bits(id: UInt64(id), step: step)[0], below: UInt32(bound)))
    }
    func data(_ count: Int, type: Int) -> NodeData {
      var data = NodeData(count: count)
      let order = type == 0 ? names : names.reversed()
      for (index, name) in order.enumerated() where type == 0 || draw(index, below: 3, 1) > 0 {
        var split = Split(name: name)
        for node in 0..<UInt32(count) {
          switch draw(Int(node), below: 5, UInt32(10 + 10 * index + type)) {
          case 0, 1: split.train.append(node)
          case 2: split.validation.append(node)
          case 3: split.test.append(node)
          default: break
          }
        }
        data.splits.append(split)
      }
      return data
    }
    let schema = Schema(nodeTypes: ["paper", "author"], relations: [Relation(name: "writes", source: 1, destination: 0)])
    let authors = papers / 2
    let edges = (0..<3 * papers).map { (UInt32(draw($0, below: authors, 2)), UInt32(draw($0, below: papers, 3))) }
    return RawGraph(
      name: "library", schema: schema, nodes: [data(papers, type: 0), data(authors, type: 1)], edges: [SmallGraphs.edges(edges)])
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func everySetOfEveryPartIsTheInputsSetRestrictedToThePart(seed: UInt64) throws {
    let graph = Self.graph(papers: 30, seed: seed)
    let key = RandomKey(seed: seed, purpose: .generator)
    let parts = (0..<45).map { $0 < 3 ? UInt16($0) : UInt16(boundedIndex(key.bits(id: UInt64($0), step: 9)[0], below: 3)) }
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    try PartitionWriter.write(graph, SmallGraphs.assignment(graph, parts), to: path, threads: Threads(2))
    let manifest = try Manifest.load(path)
    #expect(manifest.splits == Self.names)
    #expect(try Verifier.verify(path, against: graph) == [])

    for (index, name) in Self.names.enumerated() {
      // The training nodes of the whole split as (type, original id), in the order of their ranks.
      let ranked = (0..<2).flatMap { type in graph.split(name, ofType: type).train.map { (type, Int64($0)) } }
      for part in 0..<3 {
        let local = try LocalPartition(directory: path, manifest: manifest, part: part)
        for type in 0..<2 {
          let split = graph.split(name, ofType: type)
          let shard = local.split(index, type: type)
          func owned(_ ids: [UInt32]) -> [Int64] { ids.filter { parts[type * 30 + Int($0)] == part }.map(Int64.init) }
          func originals(_ ids: some Sequence<UInt32>) -> [Int64] { ids.map { local.original[Int($0)] } }
          #expect(originals(shard.trainIDs) == owned(split.train), "\(name), part \(part), type \(type)")
          #expect(originals(shard.validation) == owned(split.validation), "\(name), part \(part), type \(type)")
          #expect(originals(shard.test) == owned(split.test), "\(name), part \(part), type \(type)")
          for row in 0..<shard.trainCount {
            let node = ranked[Int(shard.train[2 * row + 1])]
            #expect(node == (type, local.original[Int(shard.train[2 * row])]), "\(name), part \(part), type \(type)")
          }
          let counts = manifest.parts[part].splits[index]
          #expect(counts.train[type] == owned(split.train).count)
          #expect(counts.validation[type] == owned(split.validation).count && counts.test[type] == owned(split.test).count)
        }
      }
    }
    // Balance is that of the default split.
    let loads = (0..<3).map { part in
      (0..<2).reduce(0) { sum, type in
        sum + graph.split("b", ofType: type).train.filter { parts[type * 30 + Int($0)] == part }.count
      }
    }
    #expect(manifest.metrics.imbalance["train"] == Double(loads.max()! * 3) / Double(loads.reduce(0, +)))
  }

  @Test func defaultSplitLiesBesideTheTablesAndTheOthersInFolders() throws {
    var graph = SmallGraphs.cycle
    graph.nodes[0].splits.append(Split(name: "second", train: [4], validation: [1, 2]))
    let directory = try TemporaryDirectory()
    let manifest = try PartitionWriter.write(
      graph, SmallGraphs.assignment(graph, SmallGraphs.cycleParts), to: directory.file("parts"), threads: Threads(1))
    #expect(manifest.splits == ["default", "second"])
    let folder = "part-000/nodes/node/"
    let sets = manifest.files.map(\.path).filter { path in ["train", "validation", "test"].contains { path.hasSuffix("\($0).npy") } }
    #expect(
      sets.filter { $0.hasPrefix(folder) } == [
        "\(folder)splits/second/test.npy", "\(folder)splits/second/train.npy", "\(folder)splits/second/validation.npy",
        "\(folder)test.npy", "\(folder)train.npy", "\(folder)validation.npy",
      ])
    let part = try LocalPartition(directory: directory.file("parts"), manifest: manifest, part: 0)
    #expect(Array(part.split(1, type: 0).train) == [2, 0])
    #expect(Array(part.split(1, type: 0).validation) == [1] && part.split(1, type: 0).test.isEmpty)
  }

  @Test func aGraphWithoutSplitsHasNoneInItsParts() throws {
    var graph = SmallGraphs.cycle
    graph.nodes[0].splits = []
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    let manifest = try PartitionWriter.write(graph, SmallGraphs.assignment(graph, SmallGraphs.cycleParts), to: path, threads: Threads(1))
    #expect(manifest.splits == [] && manifest.parts[0].splits == [])
    #expect(manifest.files.allSatisfy { !$0.path.hasSuffix("/train.npy") })
    #expect(try Verifier.verify(path, against: graph) == [])
  }

  @Test func splitsOfAnotherInputAreNoticed() throws {
    var graph = SmallGraphs.cycle
    graph.nodes[0].splits.append(Split(name: "second", train: [4], validation: [1, 2]))
    let directory = try TemporaryDirectory()
    let path = directory.file("parts")
    try PartitionWriter.write(graph, SmallGraphs.assignment(graph, SmallGraphs.cycleParts), to: path, threads: Threads(1))
    var moved = graph
    moved.nodes[0].splits[1].validation = [0, 2]
    let found = try Verifier.verify(path, against: moved)
    #expect(found.contains { $0.file == "part-000/nodes/node/splits/second/validation.npy" && $0.row == 0 }, "\(found)")
    var renamed = graph
    renamed.nodes[0].splits[1].name = "third"
    #expect(try Verifier.verify(path, against: renamed).contains { $0.message.hasPrefix("splits are the input's") })
  }

  @Test func badSplitsAreRefused() {
    let edits: [(inout NodeData) -> Void] = [
      { $0.splits[1].name = "default" }, { $0.splits[1].name = "../x" }, { $0.splits[1].name = "" }, { $0.splits[1].train = [6] },
      { $0.splits[1].test = [4] }, { $0.splits[1].validation = [2, 1] }, { $0.classNames = ["one"] },
    ]
    var graph = SmallGraphs.cycle
    graph.nodes[0].splits.append(Split(name: "second", train: [4], validation: [1, 2]))
    #expect(throws: Never.self) { try graph.check(threads: Threads(1)) }
    for (index, edit) in edits.enumerated() {
      var edited = graph
      edit(&edited.nodes[0])
      #expect(throws: InputError.self, "edit \(index)") { try edited.check(threads: Threads(1)) }
    }
  }
}
