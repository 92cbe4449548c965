import Foundation
import Testing

@Suite struct PIMPlanTests {
  private let folder: ScratchFolder
  private let parts: String

  init() throws {
    folder = try ScratchFolder()
    parts = folder.path("parts")
    let graph = ["--nodes", "500", "--edges", "6000", "--features", "4", "--classes", "3"]
    try #require(try HaloTool.run(["dataset", "generate", "communities"] + graph + ["-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "2", "-o", parts]).status == 0)
  }

  @Test func everyLayerIsMeasuredAndModelled() throws {
    let plan = try HaloTool.run(["pim", "plan", parts, "--preset", "upmem640", "--columns", "64,32", "--json"]).object()
    #expect(plan["nodes"] as? Int == 500 && plan["edges"] as? Int == 6000 && plan["cores"] as? Int == 640)
    let layers = try #require(plan["layers"] as? [[String: Any]])
    #expect(layers.map { $0["columns"] as? Int } == [64, 32])
    for layer in layers {
      #expect(try #require(layer["measuredCPU"] as? Double) > 0)
      #expect((layer["strategies"] as? [Any])?.count == 2)
      #expect(try #require((layer["modelled"] as? [String: Any])?["kernel"] as? Double) > 0)
      #expect(layer["cacheSlices"] as? [Int] == [1, 1], "500 rows fit any cache")
      let share = try #require(layer["modelledHostShare"] as? Double)
      #expect((0...0.5).contains(share))
    }
  }

  /// Joules are watts times seconds: of the host over what was measured, of modules and host over what is modelled.
  @Test func energyFollowsFromWattsAndSeconds() throws {
    for (options, watts) in [([], 170.0), (["--host-watts", "250"], 250)] as [([String], Double)] {
      let plan = try HaloTool.run(["pim", "plan", parts, "--preset", "upmem640", "--columns", "64", "--json"] + options).object()
      let moduleWatts = try #require(plan["moduleWatts"] as? Double)
      #expect(plan["hostWatts"] as? Double == watts && abs(moduleWatts - 232.2) < 1e-9)
      let layer = try #require((plan["layers"] as? [[String: Any]])?.first)
      let measured = try #require(layer["measuredCPU"] as? Double)
      let hostJoules = try #require(layer["hostJoules"] as? Double)
      #expect(abs(hostJoules - watts * measured) <= 1e-9 * watts * measured)
      let modelled = try #require(layer["modelled"] as? [String: Any])
      let total = ["hostToPIM", "kernel", "pimToHost", "merge"].reduce(0) { $0 + (modelled[$1] as? Double ?? .nan) }
      let joules = try #require(layer["modelledJoules"] as? Double)
      #expect(abs(joules - (watts + 232.2) * total) <= 1e-9 * joules)
    }
    let line = try HaloTool.run(["pim", "plan", parts, "--host-watts", "-1"])
    #expect(line.status != 0 && line.messages.contains("--host-watts"))
  }

  @Test func everyTimeOfTheMachineIsCalledModelled() throws {
    let outcome = try HaloTool.run(["pim", "plan", parts, "--columns", "64"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("W of the modules and 170 W of the host over modelled seconds"))
    #expect(
      outcome.output.contains("J modelled, PIM ") && outcome.output.contains(" modelled with host and cores overlapped, the host taking "))
    #expect(outcome.output.contains("CPU: measured here") && outcome.output.contains("PIM: modelled, upmem1992"))
    #expect(outcome.output.contains("sampled mini-batch") && outcome.output.contains("s modelled (host→PIM"))
  }

  @Test func unknownMachinesAndTypesAreRefused() throws {
    let machine = try HaloTool.run(["pim", "plan", parts, "--preset", "upmem7"])
    #expect(
      machine.status == 1
        && machine.messages
          == "halo: upmem7: expected upmem1992, upmem2556, upmem640, generic or the JSON file of a machine, found neither\n"
    )
    let type = try HaloTool.run(["pim", "plan", parts, "--type", "int4"])
    #expect(type.status == 1 && type.messages == "halo: --type: expected int8, int16, int32, float32, found 'int4'\n")
  }
}
