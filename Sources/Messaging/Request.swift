/// A request as a handler sees it; header fields are as sent, checked by nobody but the handler.
public struct Request {
  public let kind: MessageKind
  public let table: UInt32
  public let part: UInt32
  public let step: UInt32
  public let count: UInt32
  public let detail: UInt64
  /// The payload, not aligned to anything; valid during the handler's call.
  public let payload: UnsafeRawBufferPointer

  init(_ header: FrameHeader, kind: MessageKind, message: Message) {
    self.kind = kind
    table = header.table
    part = header.part
    step = header.step
    count = header.count
    detail = header.detail
    payload = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(message.bytes)[FrameHeader.size...])
  }
}

/// What a handler answers.
public struct ReplyBuffer {
  public var count: UInt32
  public var detail: UInt64
  /// The payload, already written.
  public var buffer: MessageBuffer

  /// - Parameters:
  ///   - count: Rows, nodes or whatever the kind counts.
  ///   - detail: A number with the kind's own meaning.
  public init(count: Int, detail: Int = 0, buffer: MessageBuffer) {
    self.count = UInt32(count)
    self.detail = UInt64(detail)
    self.buffer = buffer
  }
}

/// Serves one kind of request, on the server's thread: it computes and reads memory, and never waits for a message, a lock
/// that is held long, or another worker. What it throws becomes a failure reply with the error's text; at `NotYet` the server keeps the
/// request and asks again.
public typealias RequestHandler = @Sendable (Request) throws -> ReplyBuffer

/// A request to be sent.
public struct OutgoingRequest {
  /// Rank of the worker that is asked.
  public var peer: Int
  public var kind: MessageKind
  public var table: UInt32
  public var part: UInt32
  public var step: UInt32
  public var count: UInt32
  public var detail: UInt64
  /// About how large the answer will be, to keep within the peer's credit.
  public var expectedReplyBytes: Int
  public var buffer: MessageBuffer

  public init(
    to peer: Int, _ kind: MessageKind, table: Int = 0, part: Int = 0, step: UInt32 = 0, count: Int = 0, detail: Int = 0,
    expectedReplyBytes: Int, buffer: MessageBuffer
  ) {
    self.peer = peer
    self.kind = kind
    self.table = UInt32(table)
    self.part = UInt32(part)
    self.step = step
    self.count = UInt32(count)
    self.detail = UInt64(detail)
    self.expectedReplyBytes = expectedReplyBytes
    self.buffer = buffer
  }
}

/// The answer to a request; keeps the received message, so that its payload is never copied.
public struct Reply {
  public let count: Int
  public let detail: Int
  private let message: Message

  init?(_ header: FrameHeader, message: Message) {
    guard let detail = Int(exactly: header.detail) else { return nil }
    count = Int(header.count)
    self.detail = detail
    self.message = message
  }

  /// The payload, not aligned to anything; valid while the reply lives.
  public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(message.bytes)[FrameHeader.size...])
  }
}
