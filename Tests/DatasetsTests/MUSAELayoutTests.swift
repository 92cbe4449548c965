import Datasets
import Foundation
import Graphs
import Tensors
import Testing

@Suite struct MUSAELayoutTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.file("pets_edges.csv.gz", "id_1,id_2\n0,1\n1,2\n3,0\n")
    try folder.file("pets_features.json.gz", "{\"2\": [4, 0, 4],\n \"0\": [1], \"1\": [], \"3\": [0, 2]}")
    try folder.file("pets_target.csv", "id,name,kind\n3,\"Rex, the \"\"dog\"\"\",dog\n0,Mia,cat\n2,\"two\nlines\",bird\n1,Tom,cat\n")
    try folder.file("split/a/train.csv", "3\n0\n")
    try folder.file("split/a/valid.csv", "1\n")
    try folder.file("split/a/test.csv", "2\n")
  }

  private func convert(_ converter: DatasetConverter = DatasetConverter()) throws -> RawGraph {
    try converter.convert(folder: folder.path)
  }

  private func failure(_ converter: DatasetConverter = DatasetConverter()) -> String { folder.failure { try convert(converter) } }

  private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }

  @Test func folderBecomesAGraph() throws {
    let graph = try convert()
    #expect(graph.pairs == [[0, 1], [1, 2], [3, 0]] && graph.nodes[0].count == 4)
    #expect(graph.nodes[0].labels.map(Array.init) == [1, 1, 0, 2])
    #expect(graph.nodes[0].classNames == ["bird", "cat", "dog"] && graph.nodes[0].classCount == 3)
    #expect(graph.nodes[0].splits == [Split(name: "a", train: [0, 3], validation: [1], test: [2])])
    guard case .sparse(let feat)? = graph.nodes[0].tables["feat"] else {
      Issue.record("no sparse features")
      return
    }
    #expect(feat.columns == 5 && Array(feat.indptr) == [0, 1, 1, 3, 5] && Array(feat.indices) == [1, 0, 4, 0, 2])
    #expect(feat.values.allSatisfy { $0 == 1 })
  }

  @Test func theLayoutIsReadFromFileNames() throws {
    let notices = Notices()
    _ = try DatasetConverter().convert(folder: folder.path, context: notices.context())
    #expect(
      notices.all.map { $0.replacing(folder.path + "/", with: "") } == [
        "pets_target.csv: the targets are column 'kind'; --label-column NAME takes another",
        "pets_edges.csv.gz: the first line is taken for a header: 'id_1,id_2'",
      ])
    try folder.file("cats_edges.csv", "0,1\n")
    #expect(failure().hasSuffix("expected one file NAME_edges, found cats_edges.csv, pets_edges.csv.gz"))
    try remove("cats_edges.csv")
    try remove("pets_target.csv")
    #expect(try convert().nodes[0].labels == nil)
    try remove("pets_features.json.gz")
    #expect(
      failure().hasSuffix(
        "expected edge.csv.gz, or NAME_edges.csv with NAME_features.json or NAME_target.csv, or one .npz archive, found pets_edges.csv.gz, split"
      ))
  }

  @Test func columnsMayBeChosen() throws {
    try remove("pets_features.json.gz")
    try remove("split")
    try folder.file("pets_target.csv", "new_id,mature,views,id\n1,True,0.5,9\n0,False,,8\n2,,-2e1,7\n3,True,7,6\n")
    #expect(failure() == "pets_target.csv:2: expected node ids below 4, found 9")
    let mature = try convert(DatasetConverter(idColumn: "new_id", labelColumn: "mature")).nodes[0]
    #expect(mature.labels.map(Array.init) == [0, 1, -1, 1] && mature.classNames == ["False", "True"])
    let views = try convert(DatasetConverter(idColumn: "new_id", labelColumn: "views")).nodes[0]
    #expect(views.labels == nil && views.classCount == 0)
    let values = views.tables["label"]?.denseFloats ?? []
    #expect(values.count == 4 && values[0].isNaN && values[1...] == [0.5, -20, 7])
    #expect(
      failure(DatasetConverter(labelColumn: "age"))
        == "--label-column: expected a column of pets_target.csv (new_id, mature, views, id), found 'age'")
    #expect(failure(DatasetConverter(idColumn: "views")) == "pets_target.csv:2: expected a node id in column 'views', found '0.5'")
    try folder.file("pets_target.csv", "id,target\n0,1\n1,0\n3,1\n2,0\n")
    let numbered = try convert().nodes[0]
    #expect(numbered.labels.map(Array.init) == [1, 0, 0, 1] && numbered.classNames == [] && numbered.classCount == 2)
  }

  @Test func wrongTargetsNameTheLine() throws {
    func failure(_ text: String) throws -> String {
      try folder.file("pets_target.csv", text)
      return self.failure()
    }
    #expect(try failure("") == "pets_target.csv: expected a line of column names, found an empty file")
    #expect(try failure("id,kind\n0,cat\n1\n") == "pets_target.csv:3: expected 2 fields as in the header, found 1")
    #expect(try failure("id,kind\nx,cat\n") == "pets_target.csv:2: expected a node id in column 'id', found 'x'")
    #expect(try failure("id,kind\n-1,cat\n") == "pets_target.csv:2: expected a node id in column 'id', found '-1'")
    #expect(try failure("id,kind\n0,cat\n4,dog\n") == "pets_target.csv:3: expected node ids below 4, found 4")
    #expect(
      try failure("id,kind\n0,cat\n1,dog\n0,cat\n")
        == "pets_target.csv:4: expected each node once, found node 0, which is on line 2 as well")
    #expect(
      try failure("id,kind\n0,1\n1,7\n") == "pets_target.csv:3: expected a class from 0 to below 4, the number of nodes, or -1, found '7'")
    #expect(try failure("id,kind\n0,\"cat\n") == "pets_target.csv:2: expected a closing quote, found the end of the file")
    // A node without row or text has no label, and may be in no set.
    #expect(try failure("id,kind\n3,cat\n2,cat\n1,\n") == "split/a/train.csv:2: expected a node with a label, found node 0 without one")
  }

  @Test func wrongFeatureListsNameLineAndNode() throws {
    func failure(_ text: String) throws -> String {
      try folder.file("pets_features.json.gz", text)
      return self.failure()
    }
    let lists = "a list of whole numbers for node 1"
    #expect(try failure("") == "pets_features.json.gz:1: expected an object of lists, {\"0\": [1, 2], …}, found the end of the file")
    #expect(try failure("[1]") == "pets_features.json.gz:1: expected an object of lists, {\"0\": [1, 2], …}, found '[1]'")
    #expect(try failure("{\"0\": [1],\n\"1\": [2.5]}") == "pets_features.json.gz:2: expected \(lists), found '2.5]}'")
    #expect(try failure("{\"0\": [1],\n\"1\": [-2]}") == "pets_features.json.gz:2: expected \(lists), found '-2]}'")
    #expect(try failure("{\"0\": [1],\n\"1\": [2,]}") == "pets_features.json.gz:2: expected \(lists), found ']}'")
    #expect(try failure("{\"0\": [1],\n\"1\": [2") == "pets_features.json.gz:2: expected \(lists), found the end of the file")
    #expect(try failure("{\"0\": [1],\n\"1\": [4294967295]}") == "pets_features.json.gz:2: expected \(lists), found '4294967295]}'")
    #expect(try failure("{\"0\": [1],\n\"1\": null}") == "pets_features.json.gz:2: expected \(lists), found 'null}'")
    #expect(try failure("{\"a\": [1]}") == "pets_features.json.gz:1: expected a node id in quotes, found 'a\":'")
    #expect(try failure("{0: [1]}") == "pets_features.json.gz:1: expected a node id in quotes, found '0:'")
    #expect(try failure("{\"0\" [1]}") == "pets_features.json.gz:1: expected a colon after node id 0, found '[1]}'")
    #expect(
      try failure("{\"0\": [1] \"1\": [2]}") == "pets_features.json.gz:1: expected a comma or '}' after the list of node 0, found '\"1\":'")
    #expect(try failure("{\"0\": [1]}\n\nx") == "pets_features.json.gz:3: expected the end of the file after the object, found 'x'")
    #expect(
      try failure("{\"0\": [1],\n\"2\": [2]}") == "pets_features.json.gz:2: expected nodes from 0 to 1, one for each list, found node 2")
    #expect(try failure("{\"0\": [1],\n\"0\": [2]}") == "pets_features.json.gz:2: expected each node once, found node 0 again")
    #expect(try failure("{\"0\": [], \"1\": []}") == "pets_features.json.gz: expected a feature of some node, found empty lists")
    #expect(try failure("{\"0\": [1], \"1\": [2]}") == "pets_target.csv:2: expected node ids below 2, found 3")
  }
}
