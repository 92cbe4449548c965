import ArgumentParser

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Make datasets: graphs with features, labels and splits, in one directory.",
    subcommands: [DatasetConvertCommand.self, DatasetGenerateCommand.self, DatasetShowCommand.self])
}
