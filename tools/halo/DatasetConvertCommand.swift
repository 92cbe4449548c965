import ArgumentParser
import Datasets

struct DatasetConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a dataset from its published files: OGB's raw layout, the MUSAE sets, one .npz archive; or edges alone.",
    discussion: """
      OGB: edge.csv.gz, and as far as they exist node-feat (.npz, .npy or .csv.gz), node-label (.csv.gz, .npy or .npz) and \
      split/NAME/{train,valid,test}.csv.gz; all but the splits may lie under raw/. MUSAE: NAME_edges.csv, NAME_features.json, \
      NAME_target.csv, split as above. Archive: the arrays edges, node_features, node_labels, train_masks, val_masks and test_masks. \
      Text may be plain, .gz or .zst.

      Anything else is edges alone, in every form that 'halo partition' reads.

      All splits are kept. Labels are classes: whole numbers, or names, which are numbered in alphabetical order. Several columns, or \
      numbers that are not whole, become the table 'label', NaN where unknown.
      """)

  @Argument(help: "Folder, .npz archive or file of edges to convert.")
  var folder: String

  @Option(help: help("The default among the splits, by which parts are balanced.", "the first by name"))
  var split: String?

  @Option(help: help("Column of NAME_target.csv that holds node ids.", "'id', else the first"))
  var idColumn: String?

  @Option(help: help("Column of NAME_target.csv that holds the labels.", "the last"))
  var labelColumn: String?

  @OptionGroup var list: InputOptions
  @OptionGroup var edges: EdgeOptions
  @OptionGroup var target: DatasetTarget

  func run() throws {
    let converter = DatasetConverter(
      split: split, idColumn: idColumn, labelColumn: labelColumn, format: list.format, nodeCount: list.nodes, transforms: edges.transforms)
    try target.write { _ in
      try converter.convert(folder: folder, context: try list.ingest(target.threads, output: target.output))
    } remark: { summary in
      summary.relations.filter(\.listsEdgesOnce).map {
        "every edge of relation '\($0.name)' is listed once only; --undirected adds the reverse ones"
      }
    }
  }
}
