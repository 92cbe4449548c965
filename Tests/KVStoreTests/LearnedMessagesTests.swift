import Foundation
import Graphs
import KVStore
import Messaging
import Synchronization
import Tensors
import Testing

/// Pulls as of a step, and pushes from the network.
@Suite(.serialized) struct LearnedMessagesTests {
  /// What a thread has read.
  private final class Answer: Sendable {
    let rows = Mutex<[[UInt8]]?>(nil)
  }

  private static let empty = [LearnedGroup.Gradients](repeating: .init(), count: 4)

  private static func group(patience: Double = 20) throws -> LearnedGroup {
    var options = LearnedTable.Options(columns: 2)
    (options.optimizer, options.patience) = (.descent, patience)
    return try LearnedGroup(workers: 2, options)
  }

  /// Worker 1 owns part 3, whose nodes of the type are 109 ….
  private static let first = LearnedGroup.book.innerRange(of: 3, type: 1).lowerBound

  @Test func aPullFromTheFutureIsAnsweredWhenItsStepIsApplied() throws {
    let group = try Self.group()
    let owner = group.members[1]
    let answer = Answer()
    let asked = DispatchSemaphore(value: 0)
    nonisolated(unsafe) let early = try Client(token: 8, endpoints: [1: owner.server.endpoint])
    let (shards, workers) = (group.members[0].table.shards, group.workers)
    let thread = Thread {
      let store = RowStore(shards: shards, book: LearnedGroup.book, workers: workers, client: early)
      asked.signal()
      let rows = try? store.read([[GlobalID(Self.first)]], step: 1)[0].map(\.bytes)
      answer.rows.withLock { $0 = rows ?? [] }
      asked.signal()
    }
    thread.start()
    asked.wait()
    // The server goes on serving others meanwhile.
    for _ in 0..<20 { _ = try group.rows(reader: 0) }
    Thread.sleep(forTimeInterval: 0.05)
    #expect(answer.rows.withLock { $0 } == nil, "step 0 is not applied")
    var pushed = Self.empty
    pushed[0] = .init(ids: [Self.first], rows: [[1, 2]])
    let before = try group.values()[LearnedGroup.ids.firstIndex(of: Self.first)!]
    try group.step(pushed, rate: 1)
    #expect(asked.wait(timeout: .now() + 20) == .success)
    let expected = [before[0] - 1, before[1] - 2].withUnsafeBytes { Array($0) }
    #expect(answer.rows.withLock { $0 } == [expected])
  }

  @Test func aPullFromThePastIsRefused() throws {
    let group = try Self.group()
    try group.step(Self.empty)
    #expect {
      _ = try group.members[0].store.read([[GlobalID(Self.first)]], step: 0)
    } throws: {
      "\($0)".hasSuffix("refused a request: pull of learned table 'learned': expected rows as of step 1 or later, found step 0")
    }
  }

  @Test func aPartThatPushesNothingIsNamed() throws {
    let group = try Self.group(patience: 0.1)
    for part in [0, 2, 3] { try group.add(.init(), part: part) }
    for member in group.members { try member.push.send() }
    #expect {
      try group.members[0].table.apply(learningRate: 1, gradientScale: 1, threads: Threads(1))
    } throws: { "\($0)".contains("expected gradients of all 4 parts for step 0, found none of part 1 in 0.1 s") }
  }

  @Test func aPushForTheNextStepMayComeEarly() throws {
    let group = try Self.group()
    let one = LearnedGroup.Gradients(ids: [Self.first], rows: [[1, 1]])
    let place = LearnedGroup.ids.firstIndex(of: Self.first)!
    let before = try group.values()[place]
    for part in 0..<4 { try group.add(part == 0 ? one : .init(), part: part) }
    for member in group.members { try member.push.send() }
    // Worker 0 is a step ahead.
    try group.members[0].table.apply(learningRate: 1, gradientScale: 1, threads: Threads(1))
    for part in 0..<2 { try group.add(part == 0 ? one : .init(), part: part) }
    try group.members[0].push.send()
    try group.members[1].table.apply(learningRate: 1, gradientScale: 1, threads: Threads(1))
    for part in 2..<4 { try group.add(.init(), part: part) }
    try group.members[1].push.send()
    for member in group.members { try member.table.apply(learningRate: 1, gradientScale: 1, threads: Threads(1)) }
    #expect(try group.values()[place] == before.map { $0 - 1 - 1 })
  }

  /// A part whose gradients are not all finite moves no row of any worker; the other parts' are taken.
  @Test(arguments: [Float.nan, .infinity, -.infinity], [1, 2, 19])
  func gradientsThatAreNotFiniteMoveNothing(value: Float, columns: Int) throws {
    for workers in [1, 2, 4] {
      for threads in [1, 3] {
        var options = LearnedTable.Options(columns: columns)
        (options.optimizer, options.patience) = (.descent, 20)
        let group = try LearnedGroup(workers: workers, options)
        let before = try group.values()
        let (local, distant) = (LearnedGroup.ids[0], LearnedGroup.ids.last!)
        for wrong in [local, distant] {
          var rows = LearnedGroup.Gradients(ids: LearnedGroup.ids, rows: before.map { $0.map { _ in 1 } })
          rows.rows[LearnedGroup.ids.firstIndex(of: wrong)!][columns - 1] = value
          #expect(try !group.add(rows, part: 0, threads: threads))
          let right = LearnedGroup.Gradients(ids: [distant], rows: [[Float](repeating: 2, count: columns)])
          #expect(try group.add(right, part: 3, threads: threads))
          for part in 1..<3 { #expect(try group.add(.init(), part: part)) }
          for member in group.members { try member.push.send() }
          for member in group.members { try member.table.apply(learningRate: 0.5, gradientScale: 1, threads: Threads(threads)) }
        }
        var expected = before
        expected[expected.count - 1] = before.last!.map { $0 - 1 - 1 }
        #expect(try group.values() == expected, "\(workers) workers")
      }
    }
  }

  /// A push of part 0 to worker 1 as it travels.
  private func push(
    part: Int = 0, step: UInt32 = 0, table: Int = LearnedGroup.number, ids: [Int64], rows: Int? = nil, first: Int = 0, total: Int? = nil,
    extra: Int = 0, value: Float = 0
  ) -> OutgoingRequest {
    let count = rows ?? ids.count
    let buffer = MessageBuffer(payloadBytes: 8 * ids.count + 8 * count + extra)
    ids.withUnsafeBytes { buffer.payload.copyMemory(from: $0) }
    for byte in 8 * ids.count..<buffer.payload.count { buffer.payload[byte] = 0 }
    if value != 0 { buffer.payload.storeBytes(of: value, toByteOffset: buffer.payload.count - 4, as: Float.self) }
    return OutgoingRequest(
      to: 1, .pushGradients, table: table, part: part, step: step, count: ids.count, detail: first << 32 | (total ?? ids.count),
      expectedReplyBytes: 0, buffer: buffer)
  }

  @Test func wrongPushesAreRefusedAndRightOnesTakenAfterThem() throws {
    let group = try Self.group()
    let client = group.members[0].client!
    let first = Self.first
    let many = group.members[1].table.rowCount + 1
    let wrong: [(OutgoingRequest, String)] = [
      (push(table: 3, ids: [first]), "expected one of the learned tables, found 3"),
      (push(part: 2, ids: [first]), "expected a part of another worker, found part 2"),
      (push(part: 4, ids: [first]), "expected a part of another worker, found part 4"),
      (push(step: 2, ids: [first]), "expected a push for step 0 or 1, found step 2"),
      (push(ids: [first], extra: 1), "expected 1 ids and rows of 2 columns, found 17 bytes"),
      (push(ids: [first], rows: 0), "expected 1 ids and rows of 2 columns, found 8 bytes"),
      (push(ids: [0]), "expected ids of rows that are here, found 0"),
      (push(ids: [3]), "expected ids of rows that are here, found 3"),
      (push(ids: [first - 1]), "expected ids of rows that are here, found \(first - 1)"),
      (push(ids: [-1]), "expected ids of rows that are here, found -1"),
      (push(ids: [1 << 40]), "expected ids of rows that are here, found \(1 << 40)"),
      (push(ids: [first], total: many), "expected at most the \(many - 1) rows that are here, found \(many)"),
      (push(ids: [first], first: 1, total: 1), "expected rows inside the 1 of the push, found rows 1..<2"),
      (push(ids: [], total: 2), "expected rows, found none of 2"),
      (push(ids: [first, first]), "expected increasing ids, found \(first) after \(first)"),
      (push(ids: [first + 1, first]), "expected increasing ids, found \(first) after \(first + 1)"),
      (push(ids: [first, first + 1], value: .nan), "expected finite gradients, found NaN or infinity"),
      (push(ids: [first], value: -.infinity), "expected finite gradients, found NaN or infinity"),
    ]
    for (request, reason) in wrong {
      #expect {
        _ = try client.call([request])
      } throws: { "\($0)".hasSuffix(reason) }
    }
    // In pieces, the last one first; a piece twice and another total are refused.
    _ = try client.call([push(ids: [first + 4], first: 2, total: 3)])
    for (request, reason) in [
      (push(ids: [first + 4], first: 2, total: 3), "expected rows that have not come yet, found rows 2..<3 again"),
      (push(ids: [first], total: 4), "expected 3 rows in all, found 4"),
    ] {
      #expect { _ = try client.call([request]) } throws: { "\($0)".hasSuffix(reason) }
    }
    let reply = try client.call([push(ids: [first, first + 2], total: 3)])[0]
    #expect(reply.count == 2 && reply.payload.isEmpty)
    #expect { _ = try client.call([push(ids: [])]) } throws: { "\($0)".hasSuffix("expected one push of part 0 for step 0, found another") }
    // The other parts complete the step.
    _ = try client.call([push(part: 1, ids: [])])
    for part in 2..<4 { try group.add(.init(), part: part) }
    try group.members[1].table.apply(learningRate: 1, gradientScale: 1, threads: Threads(1))
    #expect(group.members[1].table.appliedSteps == 1)
  }
}
