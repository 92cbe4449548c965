import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure speed beside the limits of this machine.",
    subcommands: [
      BenchEpochCommand.self, BenchKernelsCommand.self, BenchSamplerCommand.self, BenchCollectiveCommand.self, BenchPartitionCommand.self,
      BenchPullCommand.self, BenchCacheCommand.self, BenchEmbeddingCommand.self,
    ])
}
