import ArgumentParser
import Foundation
import Tensors

/// Whether what is there may be replaced.
struct ForceOption: ParsableArguments {
  @Flag(help: "Replace an output that exists.")
  var force = false
}

/// How a command prints its result.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print the result as one JSON object on standard output.")
  var json = false

  /// Prints `report` on standard output, as an object or as its table.
  ///
  /// - Throws: `SystemError` when standard output cannot take it.
  func show(_ report: some Encodable & CustomStringConvertible) throws {
    var text = report.description
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      text = String(decoding: try encoder.encode(report), as: UTF8.self)
    }
    try StandardStream.output.write(text + "\n")
  }
}

/// Threads of a command that runs by itself; the result does not depend on them.
struct ThreadsOption: ParsableArguments {
  @Option(help: help("Threads to use; the result is the same for any number.", "all cores"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be 1 to 1024") }
  }

  var value: Threads { Threads(threads ?? ProcessInfo.processInfo.activeProcessorCount) }
}
