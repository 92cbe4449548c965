import Collectives
import Testing

@Suite struct SlicePlanTests {
  @Test func slicesAreWholeChunks() {
    let plan = SlicePlan(elementCount: 3 * 4096 + 5, workers: 3)
    #expect(plan.chunkCount == 4)
    #expect((0..<3).map { plan.elements(of: $0) } == [0..<4096, 4096..<8192, 8192..<12293])
    #expect((0..<3).map { plan.chunks(of: $0) } == [0..<1, 1..<2, 2..<4])
  }

  @Test func aShortVectorLeavesWorkersWithoutSlice() {
    let plan = SlicePlan(elementCount: 100, workers: 3)
    #expect((0..<3).map { plan.elements(of: $0) } == [0..<0, 0..<0, 0..<100])
    #expect((0..<2).map { SlicePlan(elementCount: 0, workers: 2).elements(of: $0) } == [0..<0, 0..<0])
  }

  @Test func slicesCoverEveryElementOnce() {
    for count in [0, 1, 4095, 4096, 4097, 50_000, 131_072] {
      for workers in 1...20 {
        let plan = SlicePlan(elementCount: count, workers: workers)
        #expect((0..<workers).flatMap { Array(plan.elements(of: $0)) } == Array(0..<count))
      }
    }
  }
}
