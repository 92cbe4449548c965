import Collectives
import Glibc
import Testing

@Suite struct InProcessGroupTests {
  @Test(arguments: GroupSemantics.allCases, 1...5)
  func keepsTheSemanticsOfAProcessGroup(_ semantics: GroupSemantics, _ size: Int) throws {
    _ = try InProcessGroup.run(size: size) { try semantics.check($0) }
  }

  @Test func resultsComeByRank() throws {
    #expect(try InProcessGroup.run(size: 4) { $0.rank * 10 } == [0, 10, 20, 30])
  }

  @Test func hostsAreTakenAsNamed() throws {
    let neighbours = try InProcessGroup.run(size: 4, hosts: [0, 1, 0, 1]) { $0.hostRanks }
    #expect(neighbours == [[0, 2], [1, 3], [0, 2], [1, 3]])
  }

  @Test func aGroupOfOneNeedsNoThreads() throws {
    let group = InProcessGroup.alone()
    #expect(group.rank == 0 && group.size == 1 && group.hostRanks == [0])
    #expect(try group.exchange([[1, 2]]) == [[1, 2]])
  }

  struct Failure: Error, Equatable {}

  @Test func aFailingMemberReleasesTheOthersWithItsError() throws {
    let released = Releases()
    #expect(throws: Failure()) {
      _ = try InProcessGroup.run(size: 3) { group in
        try group.barrier()
        if group.rank == 1 { throw Failure() }
        do { try group.barrier() } catch {
          released.add("\(error)")
          throw error
        }
      }
    }
    #expect(
      released.sorted() == [
        "worker 0: barrier: worker 1 has ended: Failure()", "worker 2: barrier: worker 1 has ended: Failure()",
      ])
  }

  @Test func aMemberThatReturnsEarlyReleasesTheOthers() {
    #expect(throws: CollectiveError.memberGone(rank: 0, operation: "allGather", peer: 1, reason: "it returned")) {
      _ = try InProcessGroup.run(size: 2) { group in
        if group.rank == 0 { _ = try group.allGather([1]) }
      }
    }
  }

  @Test func differentOperationsAtOnePointAreAnError() {
    #expect {
      _ = try InProcessGroup.run(size: 2) { group in
        if group.rank == 0 { try group.barrier() } else { _ = try group.allGather([]) }
      }
    } throws: { error in
      guard case CollectiveError.operationMismatch = error else { return false }
      return true
    }
  }

  @Test func aMessageOfAnotherSizeIsRefused() {
    #expect(throws: CollectiveError.sizeMismatch(operation: "exchange", rank: 1, peer: 0, expected: 8, found: 4)) {
      _ = try InProcessGroup.run(size: 2) { group in
        var place = [UInt8](repeating: 0, count: 8)
        try [UInt8](repeating: 1, count: 4).withUnsafeBytes { message in
          try place.withUnsafeMutableBytes { buffer in
            let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
            let nowhere = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            try group.exchange(
              send: group.rank == 0 ? [nothing, message] : [nothing, nothing],
              receive: group.rank == 0 ? [nowhere, nowhere] : [buffer, nowhere])
          }
        }
      }
    }
  }

  @Test func anotherThreadsCallTraps() async {
    await #expect(processExitsWith: .failure) {
      _ = try InProcessGroup.run(size: 1) { group in
        nonisolated(unsafe) let group = group
        MemberThread { try? group.barrier() }.join()
      }
    }
  }

  @Test func overlappingRangesTrap() async {
    await #expect(processExitsWith: .failure) {
      var bytes = [UInt8](repeating: 0, count: 8)
      try bytes.withUnsafeMutableBytes {
        try InProcessGroup.alone().allGather(inPlace: $0.baseAddress!, ranges: [0..<4, 2..<8])
      }
    }
  }
}

/// Strings noted by several threads.
private final class Releases: @unchecked Sendable {
  // Sendable: the array is used under `lock`.
  private var lock = pthread_mutex_t()
  private var texts: [String] = []

  init() { pthread_mutex_init(&lock, nil) }

  func add(_ text: String) {
    pthread_mutex_lock(&lock)
    texts.append(text)
    pthread_mutex_unlock(&lock)
  }

  func sorted() -> [String] { texts.sorted() }
}
