import Collectives
import Foundation
import Tensors
import Testing

/// Set in the processes that `mpirun` starts for this suite: they are the members, the others only start them.
private let isMember = ProcessInfo.processInfo.environment["HALO_TEST_MEMBER"] != nil

@Suite(.serialized) struct MPIProcessGroupTests {
  @Test(.enabled(if: !isMember, "starts the members"), arguments: [1, 3])
  func processesKeepTheSemanticsOfAProcessGroup(_ size: Int) throws {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let outcome = try TimedProcess.run(
      [
        "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1",
        "--mca", "plm", "isolated", "-x", "HALO_TEST_MEMBER=1", "-n", "\(size)", bundle, "--testing-library", "swift-testing",
        "--filter", "MPIProcessGroupTests",
      ], seconds: 60)
    #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
    #expect(outcome.output.components(separatedBy: "member \(size) of \(size) done").count == 2)
  }

  /// One function, since a group belongs to the thread that made it.
  @Test(.enabled(if: isMember, "runs under mpirun, started by the other test"))
  func memberKeepsTheSemantics() throws {
    // Short pieces make the long messages of the suite travel as messages beyond 2 GiB do.
    let group = try MPIProcessGroup(pieceBytes: 1000)
    #expect(MPIProcessGroup.isLaunched)
    #expect(group.hostRanks == Array(0..<group.size))
    for semantics in GroupSemantics.allCases { try semantics.check(group) }
    try reducesLikeTheRecursiveFold(group, parts: 7)
    for bytes in [4, 12] { refusesAMessage(of: bytes, insteadOf: 8, group) }
    try group.barrier()
    try group.finalize()
    print("member \(group.rank + 1) of \(group.size) done")
  }

  private func reducesLikeTheRecursiveFold(_ group: MPIProcessGroup, parts: Int) throws {
    let count = 3 * SlicePlan.chunkElements + 5
    let assignment = try PartAssignment(parts: parts, workers: group.size)
    let reducer = GradientReducer(group: group, assignment: assignment, elementCount: count, threads: Threads(2))
    for part in assignment.parts(of: group.rank) {
      _ = UnsafeMutableBufferPointer(start: reducer.gradientBuffer(), count: count)
        .update(fromContentsOf: gradient(part: part, step: 0, count: count))
      reducer.commit(part: part)
    }
    let sum = try reducer.reduce()
    let weights = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { weights.deallocate() }
    weights.initialize(repeating: .nan)
    for element in reducer.slice { weights[element] = sum[element - reducer.slice.lowerBound] }
    try reducer.allGather(weights: weights.baseAddress!)
    let expected = recursiveSum((0..<parts).map { gradient(part: $0, step: 0, count: count) }, 0, 8, +)!
    #expect(weights.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  /// Rank 0 sends a message of another size than the others have prepared for.
  private func refusesAMessage(of bytes: Int, insteadOf expected: Int, _ group: MPIProcessGroup) {
    let message = [UInt8](repeating: 1, count: group.rank == 0 ? bytes : expected)
    let room = (0..<group.size).map { peer in
      UnsafeMutableRawBufferPointer.allocate(byteCount: peer == group.rank ? message.count : expected, alignment: 8)
    }
    defer { for place in room { place.deallocate() } }
    let outcome = Result {
      try message.withUnsafeBytes { try group.exchange(send: Array(repeating: $0, count: group.size), receive: room) }
    }
    if group.rank == 0 {
      #expect(throws: Never.self) { try outcome.get() }
    } else {
      #expect {
        try outcome.get()
      } throws: { error in
        guard case CollectiveError.sizeMismatch("exchange", group.rank, 0, expected, _) = error else { return false }
        return true
      }
    }
  }
}
