import ArgumentParser
import Configuration

/// The command `halo`: its subcommands read options, call one module and print what it returns.
@main
struct Halo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "halo",
    abstract: "Distributed training of graph neural networks: from a raw graph over balanced parts to a trained model.",
    version: "0.1.0",
    subcommands: [
      DatasetCommand.self, PartitionCommand.self, VerifyCommand.self, TrainCommand.self, ExplainCommand.self, InferCommand.self,
      GatherCommand.self, LaunchCommand.self, ServeCommand.self, PullCommand.self, BenchCommand.self, PlanCommand.self, PIMCommand.self,
    ])

  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      exit(reporting: error)
    }
  }

  /// Help, version and usage errors as ArgumentParser prints them; everything else as one line on standard error.
  private static func exit(reporting error: any Error) -> Never {
    guard exitCode(for: error) == .failure, !(error is ExitCode) else { exit(withError: error) }
    printError(error)
    exit(withError: error is ConfigurationError ? ExitCode.validationFailure : ExitCode.failure)
  }

  /// Prints a remark on standard error.
  static func printNote(_ message: String) { try? StandardStream.error.write(message + "\n") }

  /// Prints one line, `halo: …`, on standard error.
  static func printError(_ message: some Any) {
    let line = String(describing: message).split(whereSeparator: \.isNewline).joined(separator: " ")
    try? StandardStream.error.write("halo: \(line)\n")
  }
}
