import ArgumentParser
import Graphs

struct DatasetGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Generate a graph: the same seed and sizes give the same bits.",
    subcommands: [GenerateCommunitiesCommand.self, GenerateKarateCommand.self, GenerateRMATCommand.self])
}

/// Options of every generator.
struct GeneratedSizes: ParsableArguments {
  @Option(help: "Number of nodes.")
  var nodes = 100_000

  @Option(help: "Number of directed edges.")
  var edges = 2_000_000

  @Option(help: "Columns of the feature table 'feat'; 0: no features.")
  var features = 100

  @Option(help: "Columns of the edges' feature table 'feat'; 0: no features of edges.")
  var edgeFeatures = 0

  @Option(help: "Classes of the labels; 0: no labels and no split.")
  var classes = 47

  @Option(help: ArgumentHelp("Shares of training, validation and test nodes.", valueName: "train,validation,test"))
  var split = SplitFractions(train: 0.1, validation: 0.1, test: 0.8)

  @Option(help: "Seed of every random choice.")
  var seed: UInt64 = 1
}
