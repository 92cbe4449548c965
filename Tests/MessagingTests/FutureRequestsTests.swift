import Glibc
import Messaging
import Synchronization
import Testing

/// Requests whose time has not come: kept, tried again on a wake-up, never in the way of others.
@Suite(.serialized) struct FutureRequestsTests {
  /// The step that handlers are at.
  private final class Step: Sendable {
    let value = Atomic<UInt32>(0)
  }

  private func server(_ step: Step, threads: Int = 1, maximumQueuedBytes: Int = 1 << 30) throws -> Server {
    var options = Server.Options()
    (options.host, options.threads, options.maximumQueuedBytes) = ("127.0.0.1", threads, maximumQueuedBytes)
    let handler: RequestHandler = { request in
      guard request.step <= step.value.load(ordering: .acquiring) else { throw NotYet() }
      let reply = MessageBuffer(payloadBytes: request.payload.count)
      reply.payload.copyBytes(from: request.payload)
      return ReplyBuffer(count: Int(request.count), buffer: reply)
    }
    return try Server(token: 5, handlers: [.pullRows: handler], options: options)
  }

  @Test(arguments: [1, 2])
  func theyAreAnsweredWhenTheirTimeHasCome(threads: Int) throws {
    let step = Step()
    let server = try server(step, threads: threads)
    defer { server.close() }
    let order = Order()
    let endpoint = server.endpoint
    let waiting = try (1...3).map { number in
      try NativeThread(name: "halo-test") {
        guard let client = try? Client(token: 5, endpoints: [0: endpoint]) else { return }
        let reply = try? client.call([request(to: 0, [UInt8(number)], step: UInt32(number))])
        if reply?.first?.payload.first == UInt8(number) { order.append(number) }
      }
    }
    let client = try Client(token: 5, endpoints: [0: endpoint])
    // Others are served meanwhile, and a wake-up without a reason changes nothing.
    for number in 0..<50 {
      #expect(try client.call([request(to: 0, [UInt8(number)])])[0].payload.elementsEqual([UInt8(number)]))
      if number % 10 == 0 { server.wakeUp() }
    }
    #expect(order.all.isEmpty)
    for number in 1...3 {
      step.value.store(UInt32(number), ordering: .releasing)
      server.wakeUp()
      for _ in 0..<2_000 where order.all.count < number { usleep(5_000) }
      #expect(order.all == Array(1...number))
    }
    for thread in waiting { thread.join() }
    #expect(server.traffic.refused == 0)
  }

  /// Numbers in the order in which they came.
  private final class Order: Sendable {
    private let numbers = Mutex<[Int]>([])
    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
    var all: [Int] { numbers.withLock { $0 } }
  }

  @Test func theyCountForTheQueue() throws {
    let step = Step()
    let server = try server(step, maximumQueuedBytes: 300)
    defer { server.close() }
    let endpoint = server.endpoint
    let thread = try NativeThread(name: "halo-test") {
      guard let client = try? Client(token: 5, endpoints: [0: endpoint]) else { return }
      // Refused as long as it comes while one of the others waits.
      while (try? client.call([request(to: 0, [UInt8](repeating: 1, count: 200), step: 1)])) == nil { usleep(1_000) }
    }
    let client = try Client(token: 5, endpoints: [0: endpoint])
    var refusal = ""
    for _ in 0..<2_000 where refusal.isEmpty {
      do { _ = try client.call([request(to: 0, [UInt8](repeating: 2, count: 200))]) } catch { refusal = "\(error)" }
      usleep(2_000)
    }
    #expect(refusal.contains("the queue is full: 256 bytes of requests wait, the limit is 300"), "\(refusal)")
    step.value.store(1, ordering: .releasing)
    server.wakeUp()
    thread.join()
    #expect(try client.call([request(to: 0, [UInt8](repeating: 2, count: 200))])[0].payload.count == 200)
  }

  @Test func aServerClosesWhileTheyWait() throws {
    let server = try server(Step())
    let client = try Client(token: 5, endpoints: [0: server.endpoint], limits: limits(timeout: 0.2))
    #expect(throws: MessagingError.self) { try client.call([request(to: 0, [1], step: 1)]) }
    server.close()
  }
}
