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
    }
  }

  @Test func everyTimeOfTheMachineIsCalledModelled() throws {
    let outcome = try HaloTool.run(["pim", "plan", parts, "--columns", "64"])
    #expect(outcome.status == 0)
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
