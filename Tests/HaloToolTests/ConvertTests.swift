import Foundation
import Testing

/// `halo dataset convert` with files as they are published.
@Suite struct ConvertTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for (name, text) in [
      "pets_edges.csv": "id_1,id_2\n0,1\n1,2\n2,2\n", "pets_features.json": "{\"0\": [1], \"1\": [0, 2], \"2\": []}",
      "pets_target.csv": "id,name,kind\n1,\"Rex, the \"\"dog\"\"\",dog\n0,Mia,cat\n2,Tom,cat\n", "split/b/train.csv": "0\n",
      "split/b/valid.csv": "1\n", "split/b/test.csv": "2\n", "split/a/train.csv": "1\n2\n", "split/a/valid.csv": "0\n",
      "split/a/test.csv": "",
    ] { _ = try folder.write(text, to: "pets/\(name)") }
  }

  private func convert(_ options: [String]) throws -> HaloTool.Outcome {
    try HaloTool.run(["dataset", "convert", folder.path("pets"), "-o", folder.path("DS"), "--json"] + options)
  }

  private let remark = "every edge of relation 'edge' is listed once only; --undirected adds the reverse ones"

  @Test func edgesListedOnceAreRemarkedUponUntilTheirReversesAreAdded() throws {
    let once = try convert([])
    #expect(once.status == 0 && once.messages.contains(remark + "\n"), "\(once)")
    let both = try convert(["--undirected", "--force"])
    #expect(both.messages.contains("added 2 missing reverse edges\n") && !both.messages.contains(remark), "\(both)")
  }

  @Test func namesOfClassesAndSplitsAreShown() throws {
    try #require(try convert(["--split", "b"]).status == 0)
    let text = try HaloTool.run(["dataset", "show", folder.path("DS")]).output
    #expect(
      text.contains(
        """

          classes: 2: 0 cat (2), 1 dog (1)
          split 'b': 1 training, 1 validation, 1 test nodes
          split 'a': 2 training, 1 validation, 0 test nodes

        """), "\(text)")
    #expect(try convert(["--split", "c", "--force"]).errorLine() == "halo: --split: expected one of a, b, found 'c'")
  }

  @Test func aLaterSplitTrainsAndAnUnknownOneIsOneLine() throws {
    try #require(try convert(["--undirected"]).status == 0)
    let parts = folder.path("parts")
    try #require(try HaloTool.run(["partition", folder.path("DS"), "-k", "1", "-o", parts]).status == 0)
    func train(_ split: String) throws -> HaloTool.Outcome {
      try HaloTool.run(
        ["train", parts, "-o", folder.path("run"), "--epochs", "1", "--hidden", "4", "--fanout", "2", "--split", split, "--force"])
    }
    #expect(try train("b").status == 0)
    #expect(try train("c").errorLine() == "halo: --split: expected a split of the partition (a, b), found 'c'")
  }
}
