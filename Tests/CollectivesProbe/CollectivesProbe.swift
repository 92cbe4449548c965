import Collectives
import Foundation

/// A job for the tests of the launcher: `launch N GRACE HOSTFILE BEHAVIOUR DIRECTORY` starts N workers through the launcher,
/// on this host for `-`, which then run as `work BEHAVIOUR DIRECTORY`; `mpirun` may start those too.
@main struct CollectivesProbe {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    switch arguments.first {
    case "launch":
      let words = Array(arguments.dropFirst())
      var options = Launcher.Options(workers: Int(words[0])!, arguments: ["work"] + words[3...])
      options.graceSeconds = Double(words[1])!
      options.hostFile = words[2] == "-" ? nil : words[2]
      exit(try Launcher(options, environment: ProcessInfo.processInfo.environment).run())
    case "work":
      let words = Array(arguments.dropFirst())
      guard let behaviour = ProbeBehaviour(rawValue: words[0]) else { fatalError("unknown behaviour \(words[0])") }
      try ProbeWorker(directory: words[1]).run(behaviour)
    default:
      fatalError("usage: CollectivesProbe launch N GRACE HOSTFILE BEHAVIOUR DIRECTORY | work BEHAVIOUR DIRECTORY")
    }
  }
}
