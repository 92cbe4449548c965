import CZeroMQ
import Glibc

/// Owner of one ZeroMQ message; used by one thread at a time.
package final class Message {
  let raw: UnsafeMutablePointer<zmq_msg_t>

  /// An empty message, to receive into.
  package init() {
    raw = .allocate(capacity: 1)
    zmq_msg_init(raw)
  }

  /// A message of `size` bytes that hold anything.
  package init(size: Int) {
    raw = .allocate(capacity: 1)
    guard zmq_msg_init_size(raw, size) == 0 else { fatalError("out of memory: a message of \(size) bytes asked") }
  }

  /// Another message with the content of `original`, which is kept until the content has left, or will never leave.
  ///
  /// - Parameter release: Called once, then, on any thread.
  init(lending original: Message, release: @escaping @Sendable () -> Void) {
    raw = .allocate(capacity: 1)
    let loan = Unmanaged.passRetained(Loan(of: original, release: release))
    let content = original.bytes
    let result = zmq_msg_init_data(
      raw, content.baseAddress, content.count,
      { _, hint in
        let loan = Unmanaged<Loan>.fromOpaque(hint!).takeRetainedValue()  // What `hint` was made of, below.
        loan.release()
      }, loan.toOpaque())
    guard result == 0 else { fatalError("out of memory: a message of \(content.count) bytes asked") }
  }

  private final class Loan {
    private let original: Message
    let release: @Sendable () -> Void

    init(of original: Message, release: @escaping @Sendable () -> Void) {
      self.original = original
      self.release = release
    }
  }

  deinit {
    zmq_msg_close(raw)
    raw.deallocate()
  }

  /// Gives the content up.
  func clear() {
    zmq_msg_close(raw)
    zmq_msg_init(raw)
  }

  /// The content; unaligned in a received message, valid until the message is sent, received into or freed.
  package var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw))
  }

  /// True when another part of the same multipart message follows.
  package var hasMore: Bool { zmq_msg_more(raw) != 0 }
}

/// A message under construction: its payload is written in place and leaves without another copy.
public final class MessageBuffer {
  let message: Message
  private(set) var isSent = false

  /// - Parameter payloadBytes: Length of the payload, which holds anything until it is written.
  public init(payloadBytes: Int) {
    precondition(payloadBytes >= 0, "a payload cannot have \(payloadBytes) bytes")
    message = Message(size: FrameHeader.size + payloadBytes)
  }

  /// Copies `elements` as payload, little-endian as they lie in memory.
  public convenience init<Element: BitwiseCopyable>(_ elements: UnsafeBufferPointer<Element>) {
    let source = UnsafeRawBufferPointer(elements)
    self.init(payloadBytes: source.count)
    payload.copyMemory(from: source)
  }

  /// UTF-8 text as payload.
  convenience init(text: String) {
    self.init(payloadBytes: text.utf8.count)
    payload.copyBytes(from: text.utf8)
  }

  /// Where the payload is written; aligned to 8 bytes, valid until the message is sent.
  public var payload: UnsafeMutableRawBufferPointer {
    precondition(!isSent, "the message has been sent")
    return UnsafeMutableRawBufferPointer(rebasing: message.bytes[FrameHeader.size...])
  }

  /// Length of the payload, also after sending.
  public var payloadBytes: Int { isSent ? 0 : message.bytes.count - FrameHeader.size }

  /// Writes the header, with the payload's length, and gives the message up for sending.
  func takeMessage(_ header: FrameHeader) -> Message {
    precondition(!isSent, "a message is sent once")
    var complete = header
    complete.payloadBytes = UInt64(message.bytes.count - FrameHeader.size)
    complete.write(to: message.bytes)
    isSent = true
    return message
  }
}
