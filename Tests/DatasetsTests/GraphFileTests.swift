import Datasets
import Foundation
import Graphs
import Tensors
import Testing

/// What a path stands for, and folders of several files.
@Suite struct GraphFileTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func failure(_ path: String, nodes: Int? = nil, _ format: EdgeListFormat = EdgeListFormat()) -> String {
    folder.failure { try GraphReader.read(folder.path + "/" + path, nodeCount: nodes, format: format) }
  }

  @Test func filesOfAFolderAreOneListByName() throws {
    try folder.file("shards/part-1.csv", "source,target\n1,2\n")
    try folder.file("shards/part-0.csv.gz", "source,target\n0,1\n")
    try folder.file("shards/part-2.csv", "2,0\n")
    try folder.file("shards/part-3.csv", "# nothing\n")
    try folder.file("shards/_SUCCESS", "")
    try folder.file("shards/.part-0.csv.crc", "x")
    for threads in 1...3 {
      let graph = try GraphReader.read(folder.path + "/shards", context: IngestContext(threads: Threads(threads)))
      #expect(graph.pairs == [[0, 1], [1, 2], [2, 0]] && graph.name == "shards")
    }
    try folder.file("shards/part-3.csv", "2,0\n2,x\n")
    #expect(failure("shards") == "shards/part-3.csv:2: expected a node id, found 'x'")
    try folder.file("shards/part-3.csv", "2,5\n")
    #expect(failure("shards").hasPrefix("shards: expected every node id from 0 to 5 in some edge"))
  }

  @Test func columnsAreFoundInEveryFile() throws {
    try folder.file("named/a.csv", "from,to,w\nx,y,1\n")
    try folder.file("named/b.csv", "w,to,from\n2,x,y\n")
    let format = EdgeListFormat(source: "from", destination: "to", weight: "w", ids: .compact)
    let graph = try GraphReader.read(folder.path + "/named", format: format)
    #expect(graph.namedPairs == [["x", "y"], ["y", "x"]] && graph.weights == [1, 2])
  }

  @Test func arraysOfAFolderAreOneList() throws {
    try folder.array("arrays/1.npy", [1, 2] as [Int64], .int64, [2, 1])
    try folder.array("arrays/0.npy", [0, 1] as [UInt32], .uint32, [2, 1])
    #expect(try GraphReader.read(folder.path + "/arrays").pairs == [[0, 1], [1, 2]])
    try folder.array("arrays/2.npy", [-2, 1] as [Int32], .int32, [2, 1])
    #expect(failure("arrays") == "arrays/2.npy: expected node ids of 0 or more, found -2 of edge 0")
    #expect(
      try GraphReader.read(folder.path + "/arrays", format: EdgeListFormat(ids: .compact)).namedPairs == [
        ["0", "1"], ["1", "2"], ["-2", "1"],
      ])
  }

  @Test func whatIsNoListIsRefused() throws {
    try folder.file("mixed/a.txt", "0 1\n")
    try folder.array("mixed/b.npy", [0, 1] as [Int64], .int64, [2, 1])
    #expect(failure("mixed") == "mixed: expected files of one kind, found 1 of text and 1 of arrays")
    try folder.file("deep/in/a.txt", "0 1\n")
    #expect(failure("deep") == "deep/in: expected a file, for its folder has no dataset.json and is read as edge lists, found a folder")
    try folder.file("graphs/a.graph.gz", "2 1\n2\n1\n")
    #expect(failure("graphs") == "graphs/a.graph.gz: expected edge lists in text, .npy or .npz alone in a folder, found a graph of its own")
    try folder.file("empty/_SUCCESS", "")
    #expect(failure("empty") == "empty: expected a dataset directory with dataset.json, or a folder of edge lists, found no files")
  }

  @Test func optionsOfListsGoWithListsAlone() throws {
    let banner = "%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 2\n"
    try folder.file("m.mtx", banner)
    try folder.file("g.graph", "2 1\n2\n1\n")
    try DatasetWriter.write(Generators.karateClub(), to: folder.path + "/DS")
    for path in ["m.mtx", "g.graph", "DS"] {
      #expect(failure(path, nodes: 2) == "--nodes: expected no number of nodes, for \(path) states its own, found one")
      #expect(failure(path, EdgeListFormat(ids: .compact)) == "--ids: expected dense, for \(path) numbers its nodes, found compact")
      #expect(
        failure(path, EdgeListFormat(source: "a"))
          == "--source-column, --destination-column: expected no column, for \(path) has none, found 'a'")
      #expect(
        failure(path, EdgeListFormat(weight: "w"))
          == "--weight-column: expected weight, the only column of \(path) besides the ends of edges, found 'w'")
    }
    #expect(
      failure("DS", EdgeListFormat(weight: "weight"))
        == "--weight-column: expected no column, for a dataset keeps its own weights, found one")
    #expect(try GraphReader.read(folder.path + "/g.graph", format: EdgeListFormat(weight: "weight")).weights == [1, 1])
    #expect(try GraphReader.read(folder.path + "/m.mtx", format: EdgeListFormat(weight: "2")).weights == [1])
  }

  @Test func edgesAloneConvert() throws {
    try folder.file("list.csv", "a,b,2\nb,c,3\n")
    let format = EdgeListFormat(weight: "2", ids: .compact)
    let transforms = EdgeTransforms(undirected: true)
    let graph = try DatasetConverter(format: format, transforms: transforms).convert(folder: folder.path + "/list.csv")
    #expect(graph.namedPairs == [["a", "b"], ["b", "c"], ["b", "a"], ["c", "b"]] && graph.weights == [2, 3, 2, 3])
    #expect(
      folder.failure { try DatasetConverter(split: "s").convert(folder: folder.path + "/list.csv") }
        == "--split: expected a published dataset, which list.csv is not, found 's'")
    try folder.file("ogb/edge.csv", "0,1\n1,0\n")
    #expect(
      folder.failure { try DatasetConverter(format: format).convert(folder: folder.path + "/ogb") }
        == "ogb: expected edges alone for --nodes, --ids, --header and column options, found a published dataset")
    try folder.file("shards/a.txt", "0 1\n")
    try folder.file("shards/b.txt", "1 0\n")
    #expect(try DatasetConverter().convert(folder: folder.path + "/shards").pairs == [[0, 1], [1, 0]])
  }
}
