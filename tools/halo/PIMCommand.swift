import ArgumentParser
import Foundation
import Kernels
import PIM
import Partitions
import Tensors

struct PIMCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pim", abstract: "Model aggregation on a machine with processing-in-memory.",
    subcommands: [PIMPlanCommand.self, PIMBenchCommand.self])
}

struct PIMPlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say where to aggregate whole graphs: on this machine, measured, or on one with processing-in-memory, modelled.",
    discussion: """
      Aggregates over all in-edges of every part here and takes the time, sources sliced for the cache where that pays; finds the strategy \
      that is modelled to take least on the machine, and says which of both is faster for each layer. No such machine is there: its times are \
      modelled from counted work and published rates, its joules from watts and these times. A JSON file with the fields of a preset \
      describes another machine.
      """)

  @Argument(help: "Partition directory.")
  var parts: String

  @Option(help: "Machine: \(PIMTopology.presets.map(\.name).joined(separator: ", ")), or a JSON file.")
  var preset = "upmem1992"

  @Option(help: ArgumentHelp("Columns of the rows that each layer aggregates, first layer first.", valueName: "columns,..."))
  var columns = WholeNumbers([256])

  @Option(
    name: .customLong("type"),
    help: ArgumentHelp(
      "Types of elements to try: \(PIMElementType.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "type,..."))
  var types = "int32"

  @Flag(inversion: .prefixedNo, help: "Fold factors of edges into rows before and after, so that cores only add.")
  var addOnly = true

  @Option(
    help: ArgumentHelp(
      "Watts of the machine's host while it works. (default: the machine's; of the presets 170, two Xeon Silver 4215 of 85 W design power)",
      valueName: "watts"))
  var hostWatts: Double?

  @OptionGroup var threads: ThreadsOption
  @OptionGroup var report: ReportOptions

  func run() throws {
    var topology = try PIMTopology.named(preset)
    if let hostWatts {
      guard hostWatts >= 0, hostWatts.isFinite else { throw InputError("--host-watts", expected: "watts from 0", found: "\(hostWatts)") }
      topology.hostWatts = hostWatts
    }
    var tuner = PIMTuner(topology)
    tuner.elementTypes = try types.split(separator: ",").map { name in
      guard let type = PIMElementType(rawValue: String(name)) else {
        throw InputError("--type", expected: PIMElementType.allCases.map(\.rawValue).joined(separator: ", "), found: "'\(name)'")
      }
      return type
    }
    tuner.addOnly = [addOnly]
    tuner.streamBytes = [32, 256]
    let manifest = try Manifest.load(parts)
    let loaded = try (0..<manifest.partCount).map { number in
      try PIMPlanner.Part(LocalPartition(directory: parts, manifest: manifest, part: number))
    }
    try report.show(PIMPlanner(tuner, threads: threads.value).plan(loaded, columns: columns.values, report: Halo.printNote))
  }
}

extension PIMPlanner.Part {
  /// In-edges of the inner nodes of a part.
  ///
  /// - Throws: `InputError` for 2³² edges or more.
  fileprivate init(_ part: LocalPartition) throws {
    guard part.indices.count < Int(UInt32.max) else {
      throw InputError("part \(part.part)", expected: "less than 2^32 edges", found: "\(part.indices.count)")
    }
    let offsets = Buffer<UInt32>(count: part.innerCount + 1)
    for (index, offset) in part.indptr.enumerated() { offsets.pointer[index] = UInt32(offset) }
    self.init(
      Neighborhood(destinationCount: part.innerCount, indptr: offsets.pointer, sources: part.indices.pointer),
      sourceCount: part.innerCount + part.haloCount, owner: PartArrays(part: part, offsets: offsets))
  }
}

/// What keeps the in-edges of a part.
private struct PartArrays: Sendable {
  let part: LocalPartition
  let offsets: Buffer<UInt32>
}

struct PIMBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Hold the model of processing-in-memory against published figures.",
    discussion: """
      Prints a Markdown table: every figure with its target, met or missed, then the times by phase. Nothing is measured: degree sequences \
      are made from published statistics, and the work of every kernel is counted.
      """)

  @OptionGroup var report: ReportOptions

  func run() throws { try report.show(try AcceptanceRun.run(report: Halo.printNote)) }
}
