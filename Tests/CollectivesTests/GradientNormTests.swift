import Collectives
import Tensors
import Testing

@Suite struct GradientNormTests {
  /// The squared norm of the parts' summed gradient as every worker computes it, and the bytes that were exchanged for it.
  private func norms(parts: Int, workers: Int, threads: Int, count: Int) throws -> [(norm: Double, bytes: Int)] {
    try InProcessGroup.run(size: workers) { group in
      let assignment = try PartAssignment(parts: parts, workers: workers)
      let reducer = GradientReducer(group: group, assignment: assignment, elementCount: count, threads: Threads(threads))
      for part in assignment.parts(of: group.rank) {
        let values = gradient(part: part, step: 0, count: count)
        _ = UnsafeMutableBufferPointer(start: reducer.gradientBuffer(), count: count).update(fromContentsOf: values)
        reducer.commit(part: part)
      }
      let norm = try reducer.squaredNorm(try reducer.reduce())
      return (norm, reducer.traffic.sumBytesSent)
    }
  }

  @Test(arguments: [1, 7, 4096, 4097, 5 * 4096 + 13])
  func everyNumberOfWorkersAndThreadsGivesTheSameBits(count: Int) throws {
    let parts = 4
    let sum = recursiveSum((0..<parts).map { gradient(part: $0, step: 0, count: count) }, 0, 4, +)!
    // Chunk by chunk and in any order inside a chunk: n float64 additions of positive numbers err by at most n · 2⁻⁵³.
    let expected = stride(from: 0, to: count, by: 4096).map { chunk in
      sum[chunk..<min(count, chunk + 4096)].reduce(0.0) { $0 + Double($1) * Double($1) }
    }.reduce(0, +)
    let one = try norms(parts: parts, workers: 1, threads: 1, count: count)[0].norm
    #expect(abs(one - expected) <= Double(count) * 0x1p-52 * expected, "\(one), \(expected)")
    for workers in 1...parts {
      for threads in 1...2 {
        let all = try norms(parts: parts, workers: workers, threads: threads, count: count)
        for worker in all { #expect(worker.norm.bitPattern == one.bitPattern, "\(workers) workers, \(threads) threads") }
        // One float64 for each chunk, to every other worker.
        #expect(all.reduce(0) { $0 + $1.bytes } == (workers - 1) * 8 * ((count + 4095) / 4096))
      }
    }
  }
}
