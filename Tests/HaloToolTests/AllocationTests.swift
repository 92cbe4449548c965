import Foundation
import Testing

@Suite struct AllocationTests {
  /// Once buffers have grown, sampling a step asks for no memory.
  @Test(arguments: ["uniform", "labor"])
  func samplingAllocatesNothingAfterWarmUp(sampler: String) throws {
    let (blocks, _) = try blocks(threads: 1, sampler)
    #expect(blocks == 0)
  }

  /// With several threads a loop that is spread over them takes one block, for its closure: at most twelve loops for each of two parts
  /// and three hops.
  @Test func onlyParallelLoopsAllocateAfterWarmUp() throws {
    let (blocks, steps) = try blocks(threads: 2, "uniform")
    #expect(blocks <= steps * 2 * 3 * 12, "\(blocks) blocks in \(steps) steps")
  }

  /// Once tables have grown, planning what the row cache keeps asks for no memory.
  @Test func theRowCacheIsPlannedWithoutMemoryAfterWarmUp() throws {
    let outcome = try HaloTool.run(
      program: HaloTool.executable.deletingLastPathComponent().appendingPathComponent("AllocationProbe").path, ["cache"])
    #expect(outcome.output == "0 blocks in 20 steps\n" || outcome.output == "uncounted\n", "\(outcome)")
  }

  /// What the probe counts in an epoch of two parts: blocks of memory and steps; zeros where a sanitizer has its own allocator.
  private func blocks(threads: Int, _ sampler: String) throws -> (blocks: Int, steps: Int) {
    let folder = try ScratchFolder()
    let graph = ["--nodes", "20000", "--edges", "400000", "--features", "4", "--classes", "3", "--split", "0.1,0.1,0.8"]
    try #require(try HaloTool.run(["dataset", "generate", "communities"] + graph + ["-o", folder.path("dataset")]).status == 0)
    try #require(try HaloTool.run(["partition", folder.path("dataset"), "-k", "2", "-o", folder.path("parts")]).status == 0)
    let probe = HaloTool.executable.deletingLastPathComponent().appendingPathComponent("AllocationProbe").path
    let outcome = try HaloTool.run(program: probe, [folder.path("parts"), "\(threads)", sampler])
    #expect(outcome.status == 0, "\(outcome)")
    if outcome.output.hasPrefix("uncounted") { return (0, 0) }
    let numbers = outcome.output.split(separator: " ").compactMap { Int($0) }
    try #require(numbers.count == 2, "\(outcome)")
    return (numbers[0], numbers[1])
  }
}
