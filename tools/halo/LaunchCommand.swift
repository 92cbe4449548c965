import ArgumentParser
import Collectives
import Foundation

/// A command that several workers can run together.
protocol WorkerCommand: ParsableCommand {
  /// Checks the options that ArgumentParser lets pass.
  func checkOptions() throws
}

struct LaunchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "launch",
    abstract: "Run a command on several workers.",
    usage: "halo launch -n <workers> [--hosts <file>] train <parts> ...",
    discussion: """
      Starts the workers through mpirun and sets what that needs: binding, yielding, root, kill delays. A worker that fails ends the \
      job, and one line says which it was. Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 ask the workers to stop when their \
      epoch ends; a second one ends them at once.
      """)

  @Option(name: .customShort("n"), help: ArgumentHelp("Number of workers; at most one for each part.", valueName: "workers"))
  var workers: Int

  @Option(help: ArgumentHelp("Hosts to run on, one a line, 'NAME slots=N' (default: this host).", valueName: "file"))
  var hosts: String?

  @Option(help: ArgumentHelp("Time that workers have to stop when asked.", valueName: "seconds"))
  var grace = 60.0

  @Argument(parsing: .captureForPassthrough, help: "The command, train, infer, bench epoch, collective or embedding, with its options.")
  var command: [String]

  func run() throws {
    // What is wrong with the options is said once, before any worker is started.
    var parsed = try Halo.parseAsRoot(command)
    guard let worker = parsed as? any WorkerCommand else {
      if command.contains(where: ["-h", "--help"].contains) { return try parsed.run() }
      throw ValidationError("halo launch runs train, infer, bench epoch, bench collective or bench embedding")
    }
    try worker.checkOptions()
    var options = Launcher.Options(workers: workers, hostFile: hosts, arguments: command)
    options.graceSeconds = grace
    let status = try Launcher(options, environment: ProcessInfo.processInfo.environment).run()
    throw status == Launcher.failureIsReported ? ExitCode.failure : ExitCode(status)
  }
}
