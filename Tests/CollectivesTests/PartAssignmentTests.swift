import Collectives
import Tensors
import Testing

@Suite struct PartAssignmentTests {
  @Test func eightPartsOnThreeWorkersAreTwoThreeThree() throws {
    let assignment = try PartAssignment(parts: 8, workers: 3)
    #expect((0..<3).map { assignment.parts(of: $0) } == [0..<2, 2..<5, 5..<8])
    #expect(
      assignment.notice
        == "8 parts on 3 workers: 2 of them own 3, the others 2; a worker count that divides 8 would be even")
  }

  @Test func anEvenAssignmentNeedsNoNotice() throws {
    #expect(try PartAssignment(parts: 8, workers: 4).notice == nil)
    #expect(try PartAssignment(parts: 5, workers: 1).notice == nil)
  }

  @Test func moreWorkersThanPartsAreRefused() {
    #expect {
      try PartAssignment(parts: 4, workers: 5)
    } throws: { error in
      "\(error)" == "number of workers: expected at most 4, one for each part of this graph, found 5"
    }
  }

  @Test func ownersAndRangesAgreeForAllSmallAssignments() throws {
    for parts in 1...64 {
      for workers in 1...parts {
        let assignment = try PartAssignment(parts: parts, workers: workers)
        var next = 0
        for worker in 0..<workers {
          let range = assignment.parts(of: worker)
          #expect(range.lowerBound == next && !range.isEmpty, "\(parts) parts, worker \(worker) of \(workers)")
          for part in range { #expect(assignment.worker(of: part) == worker, "part \(part) of \(parts) on \(workers)") }
          next = range.upperBound
        }
        #expect(next == parts)
      }
    }
  }
}
