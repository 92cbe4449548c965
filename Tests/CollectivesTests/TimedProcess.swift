import Foundation

/// A program run to its end, or killed after a time.
struct TimedProcess {
  /// Exit code, or 128 plus the signal that killed it.
  var status: Int32
  var outputBytes: [UInt8]
  var errorBytes: [UInt8]
  var seconds: Double

  var output: String { String(decoding: outputBytes, as: UTF8.self) }
  var errors: String { String(decoding: errorBytes, as: UTF8.self) }

  /// Runs `command` (found through PATH) and captures what it prints.
  ///
  /// - Parameters:
  ///   - seconds: After this time it and its process group are killed.
  ///   - started: Called with its process id.
  static func run(_ command: [String], seconds: Double, started: ((pid_t) throws -> Void)? = nil) throws -> TimedProcess {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("halo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    // Files, not pipes: an orphan that holds a pipe open must not keep the test from ending.
    let output = directory.appendingPathComponent("output")
    let errors = directory.appendingPathComponent("errors")
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let start = Date()
    try process.run()
    try started?(process.processIdentifier)
    while process.isRunning {
      if Date().timeIntervalSince(start) > seconds { kill(process.processIdentifier, SIGKILL) }
      usleep(20_000)
    }
    process.waitUntilExit()
    return TimedProcess(
      status: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      outputBytes: Array(try Data(contentsOf: output)), errorBytes: Array(try Data(contentsOf: errors)),
      seconds: Date().timeIntervalSince(start))
  }
}
