import Glibc
import Synchronization
import Tensors
import Testing

/// Loops of several threads: every index once, from any number of callers at once.
@Suite struct ParallelLoopTests {
  @Test(arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
  func everyIndexIsVisitedOnce(threads: Int, total: Int) {
    for chunk in [1, 3, 400] {
      let visits = Buffer<Int>(count: total + 1)
      Threads(threads).forEachChunk(of: total, by: chunk) { range in
        for index in range { visits.pointer[index] += 1 }
      }
      #expect(Array(visits.elements.prefix(total)) == Array(repeating: 1, count: total))
    }
  }

  /// Helpers sleep between some of the loops and look for the next between others.
  @Test func manyLoopsInARowAndWithPauses() {
    let sum = Atomic<Int>(0)
    for round in 0..<2000 {
      Threads(3).forEach(4) { sum.wrappingAdd($0, ordering: .relaxed) }
      if round % 200 == 0 { usleep(300) }
    }
    #expect(sum.load(ordering: .relaxed) == 2000 * 6)
  }

  /// Loops inside loops, and loops of callers that know nothing of each other, end.
  @Test func callersShareTheHelpers() {
    let sum = Atomic<Int>(0)
    Threads(4).forEach(8) { outer in
      for _ in 0..<50 { Threads(3).forEach(5) { sum.wrappingAdd(outer * $0, ordering: .relaxed) } }
    }
    #expect(sum.load(ordering: .relaxed) == 50 * 28 * 10)
  }

  /// A body runs on several threads at once where there are several.
  @Test func severalThreadsAreAtWorkAtOnce() {
    let arrived = Atomic<Int>(0)
    Threads(3).forEach(3) { _ in
      arrived.wrappingAdd(1, ordering: .sequentiallyConsistent)
      let end = time(nil) + 20
      while arrived.load(ordering: .sequentiallyConsistent) < 3 && time(nil) < end { usleep(100) }
    }
    #expect(arrived.load(ordering: .sequentiallyConsistent) == 3)
  }
}
