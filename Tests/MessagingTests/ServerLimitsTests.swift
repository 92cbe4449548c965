import CZeroMQ
import Glibc
import Messaging
import Synchronization
import Tensors
import Testing

/// What a server does when more is asked than it takes: every request of its job still gets an answer.
@Suite(.serialized) struct ServerLimitsTests {
  private static let token: UInt64 = 77

  /// A server whose handler answers with `step` KiB after `detail` milliseconds.
  private func server(_ change: (inout Server.Options) -> Void) throws -> Server {
    var options = Server.Options()
    options.host = "127.0.0.1"
    change(&options)
    let handler: RequestHandler = { request in
      if request.detail > 0 { usleep(UInt32(request.detail) * 1_000) }
      let buffer = MessageBuffer(payloadBytes: Int(request.step) << 10)
      buffer.payload.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: request.count))
      return ReplyBuffer(count: Int(request.count), buffer: buffer)
    }
    return try Server(token: Self.token, handlers: [.pullRows: handler], options: options)
  }

  private func frame(
    _ number: UInt64, kibibytes: UInt32 = 0, milliseconds: UInt64 = 0, payload: Int = 0, token: UInt64 = token, version: UInt16 = 1
  ) -> [UInt8] {
    var header = FrameHeader(kind: MessageKind.pullRows.rawValue, token: token, requestID: number)
    (header.version, header.step, header.detail, header.payloadBytes) = (version, kibibytes, milliseconds, UInt64(payload))
    header.count = UInt32(truncatingIfNeeded: number)
    var bytes = [UInt8](repeating: 0, count: FrameHeader.size + payload)
    bytes.withUnsafeMutableBytes { header.write(to: $0) }
    return bytes
  }

  /// Kind and text of every answer by request number, once all have come.
  private func answers(_ count: Int, on socket: Socket, token: UInt64 = token) throws -> [UInt64: (kind: UInt16, text: String, bytes: Int)]
  {
    var answers: [UInt64: (kind: UInt16, text: String, bytes: Int)] = [:]
    let message = Message()
    let poller = Poller([socket])
    while answers.count < count {
      try poller.wait(milliseconds: 20_000)
      guard try socket.receive(into: message, wait: false) else { break }
      let bytes = Array(message.bytes)
      let header = try bytes.withUnsafeBytes { try FrameHeader(parsing: $0, token: token) }
      #expect(answers[header.requestID] == nil, "two answers to request \(header.requestID)")
      answers[header.requestID] = (header.kind, String(decoding: bytes.dropFirst(FrameHeader.size).prefix(200), as: UTF8.self), bytes.count)
    }
    #expect(answers.count == count)
    return answers
  }

  @Test func answersArriveWholeWhateverTheSendBuffers() throws {
    for bytes in [nil, 1, 10_000, 1 << 30] as [Int?] {
      let server = try self.server { $0.sendBufferBytes = bytes }
      defer { server.close() }
      var limits = Client.Limits()
      limits.sendBufferBytes = bytes
      let client = try Client(token: Self.token, endpoints: [0: server.endpoint], limits: limits)
      let requests = (1...5).map { number in
        let payload = MessageBuffer(payloadBytes: 300_000 * number)
        payload.payload.initializeMemory(as: UInt8.self, repeating: 1)
        return OutgoingRequest(
          to: 0, .pullRows, step: UInt32(700 * number), count: number, expectedReplyBytes: 700 * number << 10, buffer: payload)
      }
      for (index, reply) in try client.call(requests).enumerated() {
        #expect(reply.payload.count == 700 * (index + 1) << 10, "\(String(describing: bytes)) bytes")
        #expect(reply.payload.allSatisfy { $0 == UInt8(index + 1) }, "\(String(describing: bytes)) bytes")
      }
    }
  }

  @Test func aFullQueueRefusesAndTheOthersAreServed() throws {
    let server = try self.server { $0.maximumQueuedBytes = 10_000 }
    defer { server.close() }
    let socket = try Socket(.dealer, in: MessagingContext())
    try socket.connect(server.endpoint)
    // The first one holds the thread up while the others come.
    _ = try socket.send(rawMessage(frame(1, milliseconds: 700)))
    for _ in 0..<1_000 where server.traffic.bytesReceived == 0 { usleep(1_000) }
    for number in 2...41 { _ = try socket.send(rawMessage(frame(UInt64(number), payload: 944))) }
    let answers = try self.answers(41, on: socket)
    let refused = answers.filter { $0.value.kind == MessageKind.failure.rawValue }
    // Ten requests of 1,000 bytes fit while one is served; a slow sender may find the queue shorter.
    #expect(!refused.isEmpty && refused.count <= 30)
    for answer in refused.values { #expect(answer.text == "the queue is full: 10000 bytes of requests wait, the limit is 10000") }
    #expect(answers[1]?.kind == MessageKind.pullRows.rawValue && answers[2]?.kind == MessageKind.pullRows.rawValue)
    #expect(server.traffic.served == 41 - refused.count && server.traffic.refused == refused.count)
    #expect(server.traffic.dropped == 0 && server.traffic.undeliverable == 0)
  }

  /// A client that asks and does not read: its answers stay in the server's memory up to the limit, and others are served meanwhile.
  @Test func unreadAnswersAreBoundedAndNoneIsLost() throws {
    let server = try self.server { $0.maximumUnreadBytes = 8 << 20 }
    defer { server.close() }
    let context = try #require(zmq_ctx_new())
    let raw = try #require(zmq_socket(context, ZMQ_DEALER))
    defer {
      zmq_close(raw)
      zmq_ctx_term(context)
    }
    var (one, none): (Int32, Int32) = (1, 0)
    zmq_setsockopt(raw, ZMQ_RCVHWM, &one, 4)
    zmq_setsockopt(raw, ZMQ_SNDHWM, &none, 4)
    zmq_setsockopt(raw, ZMQ_LINGER, &none, 4)
    #expect(zmq_connect(raw, server.endpoint) == 0)
    for number in 1...100 {
      let bytes = frame(UInt64(number), kibibytes: 1_024)
      #expect(zmq_send(raw, bytes, bytes.count, 0) == Int32(bytes.count))
    }
    let client = try Client(token: Self.token, endpoints: [0: server.endpoint])
    for _ in 0..<2_000 where server.traffic.served + server.traffic.refused < 100 { usleep(5_000) }
    let (served, refused) = (server.traffic.served, server.traffic.refused)
    // The network's buffers take some megabytes as well.
    #expect(served >= 8 && refused > 20 && served + refused == 100, "\(served) served, \(refused) refused")
    #expect(try client.call([request(to: 0, [], step: 2)])[0].payload.count == 2_048)
    var bytes = [UInt8](repeating: 0, count: 2 << 20)
    var counts = [UInt16: Int]()
    for _ in 0..<100 {
      let length = zmq_recv(raw, &bytes, bytes.count, 0)
      let header = try bytes.prefix(Int(length)).withUnsafeBytes { try FrameHeader(parsing: $0, token: Self.token) }
      counts[header.kind, default: 0] += 1
      if header.kind == MessageKind.failure.rawValue {
        let text = String(decoding: bytes[FrameHeader.size..<Int(length)], as: UTF8.self)
        #expect(text.hasSuffix(" bytes of answers wait to be read, the limit is 8388608"), "\(text)")
      } else {
        #expect(length == Int32(FrameHeader.size + 1 << 20) && bytes[Int(length) - 1] == UInt8(header.requestID))
      }
    }
    #expect(counts == [MessageKind.pullRows.rawValue: served, MessageKind.failure.rawValue: refused])
    // All is read: the connection is served again.
    let again = frame(7, kibibytes: 1)
    #expect(zmq_send(raw, again, again.count, 0) == Int32(again.count))
    let length = zmq_recv(raw, &bytes, bytes.count, 0)
    #expect(length == Int32(FrameHeader.size + 1_024))
  }

  @Test func strangersGetAReasonWhereTheServerGivesOne() throws {
    for answersStrangers in [true, false] {
      let server = try self.server { $0.answersStrangers = answersStrangers }
      defer { server.close() }
      for version in [1, 9] as [UInt16] {
        let bytes = frame(3, token: 5, version: version)
        let reply = try answer(to: bytes, from: server.endpoint, milliseconds: answersStrangers ? 5_000 : 200)
        #expect((reply == nil) != answersStrangers)
        guard let reply else { continue }
        let header = try reply.withUnsafeBytes { try FrameHeader(parsing: $0, token: 5) }
        #expect(header.kind == MessageKind.failure.rawValue && header.requestID == 3)
        let reason = version == 1 ? "the token is not this server's" : "message version 9, this worker speaks 1"
        #expect(String(decoding: reply[FrameHeader.size...], as: UTF8.self) == reason)
      }
      #expect(try answer(to: [1, 2, 3], from: server.endpoint, milliseconds: 200) == nil)
      for _ in 0..<1_000 where server.traffic.dropped + server.traffic.refused < 3 { usleep(5_000) }
      #expect(server.traffic.refused == (answersStrangers ? 2 : 0) && server.traffic.dropped == (answersStrangers ? 1 : 3))
    }
  }

  @Test func severalThreadsAndConnectionsGiveTheSameAnswers() throws {
    for (threads, ioThreads, connections) in [(1, 1, 1), (1, 2, 3), (3, 1, 1), (2, 2, 5)] {
      let server = try self.server { ($0.threads, $0.ioThreads) = (threads, ioThreads) }
      defer { server.close() }
      #expect(server.endpoint.split(separator: ",").count == threads)
      var bounds = limits(credit: 200_000)
      (bounds.connections, bounds.ioThreads) = (connections, ioThreads)
      let client = try Client(token: Self.token, endpoints: [4: server.endpoint], limits: bounds)
      for seed in 0..<5 {
        let key = RandomKey(seed: UInt64(seed), purpose: .generator)
        let sizes = (0..<200).map { key.bits(id: UInt64($0), step: 0)[0] % 30 + 1 }
        let requests = sizes.enumerated().map { request(to: 4, [], step: $1, count: $0) }
        for (index, reply) in try client.call(requests).enumerated() {
          #expect(reply.count == index && reply.payload.count == Int(sizes[index]) << 10)
          #expect(withExtendedLifetime(reply) { reply.payload.last } == UInt8(truncatingIfNeeded: index), "request \(index)")
        }
      }
      #expect(client.traffic[4]?.replies == 1_000 && server.traffic.served == 1_000 && client.droppedCount == 0)
    }
  }

  @Test func aPortCanBeChosenAndATakenOneIsRefused() throws {
    let free = try self.server { _ in }
    let port = try #require(Int(free.endpoint.split(separator: ":").last ?? ""))
    let error = #expect(throws: MessagingError.self) { try self.server { $0.port = port } }
    #expect(error?.description == "listen on 127.0.0.1:\(port): Address already in use")
    // The second thread's port is taken: the first thread ends, and its port is free again.
    #expect(throws: MessagingError.self) { try self.server { ($0.port, $0.threads) = (port - 1, 2) } }
    free.close()
    let server = try self.server { $0.port = port }
    defer { server.close() }
    #expect(server.endpoint == "tcp://127.0.0.1:\(port)")
  }
}
