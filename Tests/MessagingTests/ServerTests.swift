import Glibc
import Messaging
import Synchronization
import Tensors
import Testing

@Suite(.serialized) struct ServerTests {
  @Test func theEndpointIsAFreePortOfTheGivenHost() throws {
    let server = try echoServer()
    defer { server.close() }
    #expect(server.endpoint.hasPrefix("tcp://127.0.0.1:"))
    #expect(try echoServer().endpoint != server.endpoint)
    #expect(throws: MessagingError.self) { try Server(token: 1, handlers: [:], host: "203.0.113.7") }
  }

  @Test func aGuessedHostIsAnAddressOfThisMachine() throws {
    let server = try Server(token: 1, handlers: [:])
    defer { server.close() }
    #expect(server.endpoint.hasPrefix("tcp://\(HostAddress.guess()):"))
  }

  @Test func anotherVersionGetsAFailureReply() throws {
    let server = try echoServer(token: FrameHeaderTests.token)
    defer { server.close() }
    var bytes = FrameHeaderTests.frame().bytes
    bytes[4] = 7
    let reply = try #require(try answer(to: bytes, from: server.endpoint))
    let header = try FrameHeaderTests.parse(reply)
    #expect(header.kind == MessageKind.failure.rawValue)
    #expect(header.requestID == 0x0102_0304_0506_0708)
    #expect(String(decoding: reply[FrameHeader.size...], as: UTF8.self) == "message version 7, this worker speaks 1")
    #expect(server.traffic.refused == 1)
  }

  @Test func anotherJobsMessageIsDroppedAndCounted() throws {
    let server = try echoServer(token: FrameHeaderTests.token + 1)
    defer { server.close() }
    #expect(try answer(to: FrameHeaderTests.frame().bytes, from: server.endpoint, milliseconds: 300) == nil)
    for _ in 0..<1_000 where server.traffic.dropped == 0 { usleep(5_000) }
    #expect(server.traffic.dropped == 1)
    #expect(server.traffic.bytesReceived == 0)
  }

  @Test func garbageInMessagesNeverStopsTheServer() throws {
    let server = try echoServer(token: FrameHeaderTests.token)
    defer { server.close() }
    let client = try Client(token: FrameHeaderTests.token, endpoints: [0: server.endpoint])
    let stranger = try Socket(.dealer, in: MessagingContext())
    try stranger.connect(server.endpoint)
    let honest = FrameHeaderTests.frame().bytes
    for seed in 0..<500 {
      let bits = RandomKey(seed: UInt64(seed), purpose: .generator).bits(id: 0, step: 0)
      var bytes = honest
      switch bits[0] % 4 {
      case 0: bytes = (0..<Int(bits[1] % 300)).map { UInt8(truncatingIfNeeded: Int(bits[2]) &* $0) }
      case 1: bytes = Array(bytes.prefix(Int(bits[1]) % bytes.count))
      case 2: bytes[Int(bits[1]) % FrameHeader.size] ^= UInt8(1 << (bits[2] % 8))
      default: bytes += (0..<Int(bits[1] % 9)).map { _ in 0 }
      }
      let parts = Int(bits[3] % 3) + 1
      for part in 1...parts { _ = try stranger.send(rawMessage(bytes), more: part < parts) }
      if seed % 50 == 0 { #expect(try client.call([request(to: 0, [1, 2])])[0].payload.elementsEqual([2, 1]), "seed \(seed)") }
    }
    #expect(try client.call([request(to: 0, [1, 2, 3])])[0].payload.elementsEqual([3, 2, 1]))
    // The stranger's messages are on a connection of their own: they may arrive later.
    for _ in 0..<1_000 where server.traffic.dropped <= 250 { usleep(5_000) }
    #expect(server.traffic.dropped > 250)
  }

  @Test func garbageOnTheConnectionNeverStopsTheServer() throws {
    let server = try echoServer()
    defer { server.close() }
    let port = try #require(UInt16(server.endpoint.split(separator: ":").last ?? ""))
    let client = try Client(token: 5, endpoints: [0: server.endpoint])
    // The greeting of ZMTP 3 with the NULL mechanism, after which the garbage reaches the frame decoder.
    let greeting: [UInt8] =
      [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 16) + [0]
      + [UInt8](repeating: 0, count: 31)
    #expect(greeting.count == 64)
    for seed in 0..<200 {
      let key = RandomKey(seed: UInt64(seed), purpose: .generator)
      let length = Int(key.bits(id: 0, step: 1)[0] % 400)
      let garbage = (0..<length).map { UInt8(truncatingIfNeeded: key.bits(id: UInt64($0), step: 0)[0]) }
      #expect(sendRaw((seed % 2 == 0 ? greeting : []) + garbage, port: port))
      if seed % 20 == 0 { #expect(try client.call([request(to: 0, [1, 2])])[0].payload.elementsEqual([2, 1]), "seed \(seed)") }
    }
    #expect(try client.call([request(to: 0, [4, 2])])[0].payload.elementsEqual([2, 4]))
  }

  @Test func aConnectionOfAnOldProtocolIsCut() throws {
    let server = try echoServer()
    defer { server.close() }
    let port = try #require(UInt16(server.endpoint.split(separator: ":").last ?? ""))
    // Bytes that read as a routing id of ZMTP 1, and the greeting of ZMTP 2. libzmq 4.3.4 aborts the process when it accepts
    // such a peer while the socket is closed.
    for stranger in [[5, 0, 1, 2, 3, 4], [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 1, 5, 0, 0]] as [[UInt8]] {
      let descriptor = try #require(connection(to: port))
      defer { Glibc.close(descriptor) }
      var patience = timeval(tv_sec: 10, tv_usec: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
      #expect(send(descriptor, stranger, stranger.count, Int32(MSG_NOSIGNAL)) == stranger.count)
      var bytes = [UInt8](repeating: 0, count: 100)
      var received = recv(descriptor, &bytes, bytes.count, 0)
      while received > 0 { received = recv(descriptor, &bytes, bytes.count, 0) }
      #expect(received == 0 || errno == ECONNRESET, "still open")
    }
  }

  /// Opens a connection, writes, and hangs up.
  private func sendRaw(_ bytes: [UInt8], port: UInt16) -> Bool {
    guard let descriptor = connection(to: port) else { return false }
    defer { Glibc.close(descriptor) }
    return send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// A connected descriptor; `nil` when nobody listens.
  private func connection(to port: UInt16) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if connected == 0 { return descriptor }
    Glibc.close(descriptor)
    return nil
  }

  @Test func aReceiverThatIsGoneIsCounted() throws {
    let server = try echoServer(token: FrameHeaderTests.token)
    defer { server.close() }
    do {
      // Asks for an answer in 500 ms and hangs up before it comes.
      let socket = try Socket(.dealer, in: MessagingContext())
      try socket.connect(server.endpoint)
      var header = FrameHeader(kind: 1, token: FrameHeaderTests.token, requestID: 1)
      header.detail = 500
      var bytes = [UInt8](repeating: 0, count: FrameHeader.size)
      bytes.withUnsafeMutableBytes { header.write(to: $0) }
      _ = try socket.send(rawMessage(bytes))
      for _ in 0..<1_000 where server.traffic.bytesReceived == 0 { usleep(2_000) }
    }
    let client = try Client(token: FrameHeaderTests.token, endpoints: [0: server.endpoint])
    _ = try client.call([request(to: 0, [])])
    #expect(server.traffic.undeliverable == 1)
  }

  @Test func closingUnderLoadEndsTheThreadAndFailsTheClients() throws {
    for round in 0..<4 {
      let server = try echoServer()
      defer { server.close() }
      let endpoint = server.endpoint
      let calls = Mutex(0)
      let ended = Mutex(0)
      let clients = try (0..<3).map { _ in
        try NativeThreadForTests {
          guard let client = try? Client(token: 5, endpoints: [0: endpoint], limits: limits(timeout: 0.8)) else { return }
          do {
            while true {
              _ = try client.call((0..<20).map { _ in request(to: 0, [UInt8](repeating: 3, count: 5_000)) })
              calls.withLock { $0 += 1 }
            }
          } catch MessagingError.timedOut {
            ended.withLock { $0 += 1 }
          } catch {}
        }
      }
      while calls.withLock({ $0 }) < 5 + 5 * round, ended.withLock({ $0 }) == 0 { usleep(500) }
      #expect(ended.withLock { $0 } == 0, "round \(round)")
      server.close()
      server.close()
      for client in clients { client.join() }
      #expect(ended.withLock { $0 } == 3, "round \(round)")
    }
  }

  @Test func aClosedServersPortIsFree() throws {
    let server = try echoServer()
    defer { server.close() }
    let port = try #require(UInt16(server.endpoint.split(separator: ":").last ?? ""))
    server.close()
    #expect(!sendRaw([1], port: port))
  }
}
