import Foundation
import PIM
import Tensors
import Testing

/// `--aggregate` as a user gives it to `halo infer` and `halo train`.
@Suite(.serialized) struct AggregateTests {
  private let folder: ScratchFolder

  /// A graph in two parts, a trained model, and a machine of two small ranks.
  init() throws {
    folder = try ScratchFolder()
    let graph = ["--nodes", "600", "--edges", "6000", "--features", "12", "--classes", "4"]
    try Self.succeed(["dataset", "generate", "communities"] + graph + ["-o", folder.path("dataset")])
    try Self.succeed(["partition", folder.path("dataset"), "-k", "2", "-o", folder.path("parts")])
    try Self.succeed(try train("run", ["--fanout", "5,5", "--hidden", "16", "--epochs", "1"]))
    _ = try machine("small") { $0.coresOfRanks = [4, 4] }
  }

  private func machine(_ name: String, _ change: (inout PIMTopology) -> Void) throws -> String {
    var topology = PIMTopology.generic
    topology.name = name
    change(&topology)
    return try folder.write(String(decoding: JSONEncoder().encode(topology), as: UTF8.self), to: "\(name).json")
  }

  private func train(_ run: String, _ options: [String]) throws -> [String] {
    ["train", folder.path("parts"), "-o", folder.path(run)] + options
  }

  private func infer(_ out: String, run: String = "run", _ options: [String] = []) -> [String] {
    ["infer", folder.path(run), folder.path("parts"), "-o", folder.path(out)] + options
  }

  private var small: String { "pim:\(folder.path("small.json"))" }

  @discardableResult
  private static func succeed(_ arguments: [String]) throws -> HaloTool.Outcome {
    let outcome = try HaloTool.run(arguments)
    try #require(outcome.status == 0, "\(outcome)")
    return outcome
  }

  private func logits(_ out: String) throws -> [Float] {
    try (0..<2).flatMap { part -> [Float] in
      let array = try NPYArray(mapping: folder.path("\(out)/part-00\(part)/logits.npy"))
      return Array(try array.elements(as: Float.self, shape: array.shape))
    }
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(path))) }

  @Test func inferenceOnAMachineIsNearThatHereAndSaysWhatIsModelled() throws {
    try Self.succeed(infer("cpu"))
    try Self.succeed(infer("named", ["--aggregate", "cpu"]))
    #expect(try logits("named") == logits("cpu"))
    let scale = try logits("cpu").map(abs).max()!
    for (type, bound) in [("float32", 1e-5), ("int32", 1e-4), ("int16", 0.05)] as [(String, Float)] {
      let outcome = try Self.succeed(infer(type, ["--aggregate", small, "--aggregate-type", type]))
      let error = try zip(logits(type), logits("cpu")).map { abs($0 - $1) }.max()!
      #expect(error <= bound * scale, "\(type): \(error) of \(scale)")
      let line = try #require(
        outcome.output.split(separator: "\n").first { $0.hasPrefix("aggregation on small, \(type), 4 passes: load ") })
      #expect(line.components(separatedBy: " modelled").count == 7, "\(line)")
      #expect(outcome.output.contains("\neverything else: ") && outcome.output.contains(" measured here, and "))
    }
    #expect(try logits("int16") != logits("int32"))
  }

  @Test func workersOnAMachineGiveTheSameBytesAndOneReport() throws {
    let options = ["--aggregate", small, "--aggregate-type", "int8", "--json"]
    let alone = try Self.succeed(infer("alone", options)).object()
    let both = try Self.succeed(["launch", "-n", "2"] + infer("both", options)).object()
    #expect(try logits("alone") == logits("both"))
    let reports = try [alone, both].map { try #require($0["aggregation"] as? [String: Any]) }
    for report in reports {
      #expect(report["machine"] as? String == "small" && report["elementType"] as? String == "int8" && report["passes"] as? Int == 4)
    }
    let kernels = try reports.map { try #require(($0["modelled"] as? [String: Any])?["kernel"] as? Double) }
    #expect(kernels[0] > 0 && abs(kernels[0] - kernels[1]) <= 1e-12, "parts one after the other")
    #expect(alone["nodes"] as? Int == 600)
    #expect(try HaloTool.run(infer("cpu", ["--json"])).object()["aggregation"] == nil)
  }

  @Test func trainingOnAMachineIsFullBatch() throws {
    let options = ["--model", "gcn", "--fanout", "all,all", "--hidden", "16", "--epochs", "2"]
    let outcome = try Self.succeed(try train("pim", options + ["--aggregate", small, "--aggregate-type", "int16"]))
    #expect(outcome.messages.contains("all training nodes in one step, sums over neighbours on \(small), simulated"))
    // Two epochs of two parts: both layers forward, the second backward.
    #expect(outcome.output.contains("\naggregation on small, int16, 12 passes: load "))
    let steps = try folder.text("pim/metrics.jsonl").split(separator: "\n").filter { $0.contains("\"step\"") }
    #expect(steps.count == 2)
    #expect(try folder.text("pim/job.yaml").contains("aggregate: \"\(small)\"\naggregate-type: int16\n"))
    try Self.succeed(["train", folder.path("pim/job.yaml"), "-o", folder.path("again")])
    try Self.succeed(["launch", "-n", "2", "train", folder.path("pim/job.yaml"), "-o", folder.path("both")])
    for file in ["metrics.jsonl", "model.safetensors"] {
      #expect(try bytes("again/\(file)") == bytes("pim/\(file)") && bytes("both/\(file)") == bytes("pim/\(file)"), "\(file)")
    }
    let changed = ["train", "--resume", folder.path("pim"), "--aggregate", "cpu", "--aggregate-type", "float32"]
    let line = try HaloTool.run(changed).errorLine()
    #expect(line == "halo: --aggregate: expected \"\(small)\", with which the run began, found cpu")
  }

  @Test func whatContradictsIsOneLine() throws {
    func line(_ arguments: [String]) throws -> String { try HaloTool.run(arguments).errorLine() }
    #expect(
      try line(infer("x", ["--aggregate", "gpu"]))
        == "halo: --aggregate: expected cpu, or pim: and a preset or the JSON file of a machine, found 'gpu'")
    #expect(
      try line(infer("x", ["--aggregate", "pim:upmem7"]))
        == "halo: upmem7: expected upmem1992, upmem2556, upmem640, generic or the JSON file of a machine, found neither")
    #expect(
      try line(infer("x", ["--aggregate-type", "int8"]))
        == "halo: --aggregate-type: expected float32 with --aggregate cpu, found int8")
    #expect(try HaloTool.run(infer("x", ["--aggregate-type", "int4"])).status == 64)
    #expect(
      try line(train("x", ["--aggregate", small]))
        == "halo: --fanout: expected all,all,all with --aggregate \(small), which takes whole neighbourhoods, found 15,10,5")
    #expect(
      try line(train("x", ["--aggregate", small, "--fanout", "all", "--model", "gat"]))
        == "halo: --aggregate: expected cpu with --model gat, whose layers gather with parameters or compare, found \(small)")
    try Self.succeed(try train("gat", ["--model", "gat", "--fanout", "5", "--epochs", "1"]))
    #expect(
      try line(infer("x", run: "gat", ["--aggregate", small]))
        == "halo: --aggregate: expected cpu for a model of kind gat, whose layers gather with parameters or compare, found a simulated machine"
    )
    let tiny = try machine("tiny") { $0.bankBytes = 64 }
    let training = try train("x", ["--aggregate", "pim:\(tiny)", "--fanout", "all"])
    for arguments in [infer("x", ["--aggregate", "pim:\(tiny)"]), training] {
      #expect(try line(arguments).hasPrefix("halo: --aggregate pim:tiny: expected a layer of which some strategy fits the banks, found "))
    }
    #expect(try !folder.contents().contains { $0.hasPrefix("x") })
  }
}
