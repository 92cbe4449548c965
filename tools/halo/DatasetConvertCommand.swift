import ArgumentParser
import Datasets

struct DatasetConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a folder in OGB's raw layout.",
    discussion: """
      The folder holds edge.csv.gz, and as far as they exist node-feat (.npz, .npy or .csv.gz), node-label.csv.gz and \
      split/NAME/{train,valid,test}.csv.gz; text may be plain, .gz or .zst, and may lie under raw/.
      """)

  @Argument(help: "Folder to convert.")
  var folder: String

  @Option(help: help("The default among the splits, by which parts are balanced.", "the first by name"))
  var split: String?

  @OptionGroup var edges: EdgeOptions
  @OptionGroup var target: DatasetTarget

  func run() throws {
    try target.write { _ in
      try DatasetConverter(split: split, transforms: edges.transforms).convert(folder: folder, context: target.threads.ingest)
    }
  }
}
