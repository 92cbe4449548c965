import Foundation
import Testing

/// A `halo` that goes on running, as `halo serve` does, until it is stopped.
final class RunningTool {
  private let folder: ScratchFolder
  private let process = Process()

  /// Starts `halo` and waits for its first line on standard output, at most 60 seconds.
  init(_ arguments: [String]) throws {
    folder = try ScratchFolder()
    process.executableURL = HaloTool.executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try folder.newFile("output")
    process.standardError = try folder.newFile("messages")
    try process.run()
    for _ in 0..<6_000 {
      if try !process.isRunning || folder.text("output").contains("\n") { break }
      usleep(10_000)
    }
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// What came on standard output so far.
  var output: String { get throws { try folder.text("output") } }

  /// Asks it to end; its status, and what came on standard error.
  func stop(_ signal: Int32 = SIGTERM) throws -> (status: Int32, messages: String) {
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    return (process.terminationStatus, try folder.text("messages"))
  }
}
