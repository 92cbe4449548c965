import Glibc
import Messaging
import Synchronization

/// Reason that a test handler gives for not serving.
struct Refusal: Error, CustomStringConvertible {
  let description: String
}

/// A server on the loopback interface that sends every request's payload back, reversed.
///
/// `step` 1 makes the handler throw, a `detail` makes it sleep so many milliseconds first.
func echoServer(token: UInt64 = 5, maximumRequestBytes: Int = 1 << 20) throws -> Server {
  let echo: RequestHandler = { request in
    if request.step == 1 { throw Refusal(description: "step 1\nis refused") }
    if request.detail > 0 { usleep(UInt32(request.detail) * 1_000) }
    let reply = MessageBuffer(payloadBytes: request.payload.count)
    reply.payload.copyBytes(from: request.payload.reversed())
    return ReplyBuffer(count: Int(request.count), detail: Int(request.table), buffer: reply)
  }
  return try Server(token: token, handlers: [.pullRows: echo], host: "127.0.0.1", maximumRequestBytes: maximumRequestBytes)
}

func request(
  to peer: Int, _ payload: [UInt8], kind: MessageKind = .pullRows, table: Int = 0, step: UInt32 = 0, count: Int = 0, detail: Int = 0
) -> OutgoingRequest {
  let buffer = payload.withUnsafeBufferPointer { MessageBuffer($0) }
  return OutgoingRequest(
    to: peer, kind, table: table, step: step, count: count, detail: detail, expectedReplyBytes: payload.count, buffer: buffer)
}

func limits(credit: Int = 32 << 20, timeout: Double = 60) -> Client.Limits {
  var limits = Client.Limits()
  limits.creditBytes = credit
  limits.timeoutSeconds = timeout
  return limits
}

/// The answer to a raw message, sent by a socket that need not keep to the format.
func answer(to message: [UInt8], from endpoint: String, milliseconds: Int = 5_000) throws -> [UInt8]? {
  let socket = try Socket(.dealer, in: MessagingContext())
  try socket.connect(endpoint)
  _ = try socket.send(rawMessage(message))
  try Poller([socket]).wait(milliseconds: milliseconds)
  let reply = Message()
  return try socket.receive(into: reply, wait: false) ? Array(reply.bytes) : nil
}

func rawMessage(_ bytes: [UInt8]) -> Message {
  let message = Message(size: bytes.count)
  message.bytes.copyBytes(from: bytes)
  return message
}
