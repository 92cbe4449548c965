import Glibc
import Messaging
import Tensors
import Testing

@Suite(.serialized) struct ClientTests {
  @Test func answersComeInTheOrderOfTheRequestsWhateverTheCredit() throws {
    let servers = [try echoServer(), try echoServer(), try echoServer()]
    defer { for server in servers { server.close() } }
    let endpoints = Dictionary(uniqueKeysWithValues: servers.enumerated().map { ($0 * 10, $1.endpoint) })
    for credit in [1, 300, 5_000, 1 << 30] {
      let client = try Client(token: 5, endpoints: endpoints, limits: limits(credit: credit))
      for seed in 0..<20 {
        let key = RandomKey(seed: UInt64(seed), purpose: .generator)
        let payloads = (0..<60).map { index in
          let bits = key.bits(id: UInt64(index), step: 0)
          return (0..<Int(bits[0] % 2_000)).map { UInt8(truncatingIfNeeded: Int(bits[1]) + $0) }
        }
        let requests = payloads.enumerated().map { index, payload in
          request(to: Int(key.bits(id: UInt64(index), step: 1)[0] % 3) * 10, payload, table: index + 1, count: payload.count)
        }
        let replies = try client.call(requests)
        #expect(replies.count == 60)
        for (index, reply) in replies.enumerated() {
          #expect(Array(reply.payload) == payloads[index].reversed(), "credit \(credit), seed \(seed), request \(index)")
          #expect(reply.count == payloads[index].count)
          #expect(reply.detail == index + 1)
        }
      }
    }
  }

  @Test func noRequestsNeedNoPeer() throws {
    let client = try Client(token: 5, endpoints: [:])
    #expect(try client.call([]).isEmpty)
  }

  @Test func largePayloadsArriveWhole() throws {
    let server = try echoServer(maximumRequestBytes: 20 << 20)
    defer { server.close() }
    let client = try Client(token: 5, endpoints: [1: server.endpoint])
    let payload = (0..<(9 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let reply = try client.call([request(to: 1, payload)])[0]
    #expect(reply.payload.elementsEqual(payload.reversed()))
  }

  @Test func bytesAreCountedPerPeerWithHeaders() throws {
    let servers = [try echoServer(), try echoServer()]
    defer { for server in servers { server.close() } }
    let client = try Client(token: 5, endpoints: [0: servers[0].endpoint, 1: servers[1].endpoint])
    _ = try client.call([request(to: 0, [1, 2, 3]), request(to: 0, []), request(to: 1, [4])])
    var expected = Client.Traffic()
    (expected.requests, expected.replies, expected.bytesSent, expected.bytesReceived) = (2, 2, 115, 115)
    #expect(client.traffic[0] == expected)
    (expected.requests, expected.replies, expected.bytesSent, expected.bytesReceived) = (1, 1, 57, 57)
    #expect(client.traffic[1] == expected)
    servers[0].close()
    #expect(servers[0].traffic.served == 2)
    #expect(servers[0].traffic.bytesReceived == 115)
    #expect(servers[0].traffic.bytesSent == 115)
  }

  @Test func aHandlersErrorNamesThePeerAndTheOthersAreStillAnswered() throws {
    let server = try echoServer()
    defer { server.close() }
    let client = try Client(token: 5, endpoints: [3: server.endpoint])
    var received: [Int] = []
    #expect(throws: MessagingError.refused(peer: 3, endpoint: server.endpoint, reason: "step 1 is refused")) {
      try client.call([request(to: 3, [1]), request(to: 3, [2], step: 1), request(to: 3, [3])]) { index, _ in received.append(index) }
    }
    #expect(received == [0, 2])
    #expect(try client.call([request(to: 3, [7, 8])])[0].payload.elementsEqual([8, 7]))
  }

  @Test func theFirstErrorInOrderIsThrown() throws {
    struct Stop: Error, Equatable { let index: Int }
    let servers = [try echoServer(), try echoServer()]
    defer { for server in servers { server.close() } }
    let client = try Client(token: 5, endpoints: [0: servers[0].endpoint, 1: servers[1].endpoint])
    // The request in front is answered last.
    let requests = [request(to: 0, [], detail: 60), request(to: 1, []), request(to: 1, [])]
    #expect(throws: Stop(index: 0)) { try client.call(requests) { index, _ in throw Stop(index: index) } }
  }

  @Test func aKindThatIsNotServedIsRefused() throws {
    let server = try echoServer()
    defer { server.close() }
    let client = try Client(token: 5, endpoints: [0: server.endpoint])
    let expected = MessagingError.refused(peer: 0, endpoint: server.endpoint, reason: "messages of kind 3 are not served here")
    #expect(throws: expected) { try client.call([request(to: 0, [], kind: .sampleNeighbors)]) }
  }

  @Test func anOversizedRequestIsRefusedByAReply() throws {
    let server = try echoServer(maximumRequestBytes: 1_000)
    defer { server.close() }
    let client = try Client(token: 5, endpoints: [0: server.endpoint])
    _ = try client.call([request(to: 0, [UInt8](repeating: 1, count: 944))])
    let expected = MessagingError.refused(
      peer: 0, endpoint: server.endpoint, reason: "a request of 1001 bytes is above the limit of 1000")
    #expect(throws: expected) { try client.call([request(to: 0, [UInt8](repeating: 1, count: 945))]) }
  }

  @Test func whatNoServerTakesIsNotSent() throws {
    let server = try echoServer()
    defer { server.close() }
    var small = Client.Limits()
    small.maximumRequestBytes = 100
    let client = try Client(token: 5, endpoints: [0: server.endpoint], limits: small)
    let tooLarge = request(to: 0, [UInt8](repeating: 1, count: 45))
    #expect(throws: MessagingError.requestTooLarge(bytes: 101, limit: 100)) { try client.call([request(to: 0, []), tooLarge]) }
    #expect(throws: MessagingError.unknownPeer(4)) { try client.call([request(to: 4, [])]) }
    #expect(client.traffic[0]?.requests == 0)
  }

  @Test func aPeerThatIsNotThereIsGivenUp() throws {
    let gone = try echoServer()
    gone.close()
    let client = try Client(token: 5, endpoints: [6: gone.endpoint], limits: limits(timeout: 0.2))
    let error = #expect(throws: MessagingError.self) { try client.call([request(to: 6, [])]) }
    #expect(error == .timedOut(peer: 6, endpoint: gone.endpoint, seconds: 0.2))
    #expect(error?.description == "worker 6 (\(gone.endpoint)) owes an answer and has sent nothing for 0.2 s")
  }

  @Test func aSlowPeerThatKeepsAnsweringIsNotGivenUp() throws {
    let server = try echoServer()
    defer { server.close() }
    let client = try Client(token: 5, endpoints: [0: server.endpoint], limits: limits(timeout: 0.8))
    let replies = try client.call((0..<4).map { request(to: 0, [UInt8($0)], detail: 300) })
    #expect(replies.map { Array($0.payload) } == [[0], [1], [2], [3]])
  }

  @Test func anAnswerThatComesTooLateIsDropped() throws {
    let server = try echoServer()
    defer { server.close() }
    let client = try Client(token: 5, endpoints: [0: server.endpoint], limits: limits(timeout: 1))
    #expect(throws: MessagingError.timedOut(peer: 0, endpoint: server.endpoint, seconds: 1)) {
      try client.call([request(to: 0, [1], detail: 1_300)])
    }
    for _ in 0..<1_000 where server.traffic.served == 0 { usleep(5_000) }
    #expect(try client.call([request(to: 0, [2, 3])])[0].payload.elementsEqual([3, 2]))
    #expect(client.droppedCount == 1)
  }

  @Test func answersOfAnotherJobAreDropped() throws {
    let router = try Socket(.router, in: MessagingContext())
    let endpoint = try router.bind(host: "127.0.0.1")
    let client = try Client(token: 5, endpoints: [0: endpoint], limits: limits(timeout: 1))
    let stranger = try NativeThreadForTests {
      let sender = Message()
      let message = Message()
      _ = try? router.receive(into: sender, wait: true)
      _ = try? router.receive(into: message, wait: true)
      let honest = Array(message.bytes)
      // Another token, another request id, no header at all, a second part: none is an answer.
      for (offset, part) in [(8, false), (16, false), (-1, false), (0, true)] {
        var bytes = honest
        if offset > 0 { bytes[offset] ^= 1 } else if offset < 0 { bytes = [1, 2, 3] }
        let address = rawMessage(Array(sender.bytes))
        _ = try? router.send(address, more: true)
        _ = try? router.send(rawMessage(bytes), more: part)
        if part { _ = try? router.send(rawMessage([9])) }
      }
    }
    #expect(throws: MessagingError.timedOut(peer: 0, endpoint: endpoint, seconds: 1)) { try client.call([request(to: 0, [1, 2])]) }
    stranger.join()
    #expect(client.droppedCount == 4)
  }

  @Test func twoCallsAtOnceTrap() async {
    await #expect(processExitsWith: .failure) {
      let server = try echoServer()
      defer { server.close() }
      let client = try Client(token: 5, endpoints: [0: server.endpoint])
      try client.call([request(to: 0, [])]) { _, _ in _ = try client.call([request(to: 0, [])]) }
    }
  }
}
