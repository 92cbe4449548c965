import Foundation
import Testing

/// Runs the built command as a user does and keeps what it printed.
enum HaloTool {
  struct Outcome: Sendable, CustomStringConvertible {
    var arguments: [String]
    var status: Int32
    /// What came on standard output.
    var output: String
    /// What came on standard error.
    var messages: String

    /// The one line `halo: …` with which a failed command ends; records an issue when there is none or several.
    func errorLine(sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
      let lines = messages.split(separator: "\n").map(String.init)
      #expect(status != 0 && output.isEmpty, "\(self)", sourceLocation: sourceLocation)
      let errors = lines.filter { $0.hasPrefix("halo: ") }
      #expect(errors.count == 1 && errors.last == lines.last, "\(self)", sourceLocation: sourceLocation)
      return try #require(errors.first, "\(self)", sourceLocation: sourceLocation)
    }

    /// Standard output as one JSON object; records an issue when the command failed.
    func object(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
      #expect(status == 0, "\(self)", sourceLocation: sourceLocation)
      let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
      return try #require(value as? [String: Any], "\(self)", sourceLocation: sourceLocation)
    }

    var description: String { "halo \(arguments.joined(separator: " ")): status \(status)\n\(output)\(messages)" }
  }

  /// The executable, which the package manager puts beside the test bundle.
  static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("halo")

  /// Runs `halo` and waits for its end, at most `limit` seconds.
  static func run(_ arguments: [String], limit: Double = 120) throws -> Outcome {
    try run(executable, arguments, reportedAs: arguments, limit: limit)
  }

  /// Runs `halo` as the last command of a shell script, `"$@"` standing for it and its arguments.
  static func run(_ arguments: [String], under script: String, limit: Double = 120) throws -> Outcome {
    let shell = URL(fileURLWithPath: "/bin/bash")
    return try run(shell, ["-c", script, "bash", executable.path] + arguments, reportedAs: arguments, limit: limit)
  }

  /// Runs a program of the system in the same way; what is recorded names it after `halo`.
  static func run(program: String, _ arguments: [String], limit: Double = 120) throws -> Outcome {
    try run(URL(fileURLWithPath: "/usr/bin/env"), [program] + arguments, reportedAs: [program] + arguments, limit: limit)
  }

  /// Output goes to files: a pipe nobody reads would stop a command that prints much.
  private static func run(_ program: URL, _ arguments: [String], reportedAs: [String], limit: Double) throws -> Outcome {
    let folder = try ScratchFolder()
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try folder.newFile("output")
    process.standardError = try folder.newFile("messages")
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    if ended.wait(timeout: .now() + limit) == .timedOut {
      kill(process.processIdentifier, SIGKILL)
      ended.wait()
      Issue.record("halo \(reportedAs.joined(separator: " ")) did not end within \(limit) s")
    }
    return Outcome(
      arguments: reportedAs, status: process.terminationStatus, output: try folder.text("output"), messages: try folder.text("messages"))
  }
}
