import Glibc

/// A sign of life or a goodbye: `part` of the header is the sender's rank, the payload its pid and the name of its host.
struct HeartbeatFrame {
  let kind: MessageKind
  let rank: Int
  let pid: Int32
  let host: String

  /// - Returns: `nil` for anything that is not a heartbeat of this job.
  init?(_ message: Message, token: UInt64) {
    let bytes = UnsafeRawBufferPointer(message.bytes)
    guard !message.hasMore, let header = try? FrameHeader(parsing: bytes, token: token) else { return nil }
    guard let kind = MessageKind(rawValue: header.kind), kind == .heartbeat || kind == .departure else { return nil }
    let payload = UnsafeRawBufferPointer(rebasing: bytes[FrameHeader.size...])
    guard payload.count >= 4, payload.count <= 4 + 256 else { return nil }
    self.kind = kind
    rank = Int(header.part)
    pid = Int32(littleEndian: payload.loadUnaligned(as: Int32.self))
    host = String(decoding: payload[4...].filter { $0 > 32 && $0 < 127 }, as: UTF8.self)
  }

  /// A message from this process.
  static func message(_ kind: MessageKind, rank: Int, token: UInt64) -> Message {
    let host = HostAddress.name().utf8.prefix(256)
    let buffer = MessageBuffer(payloadBytes: 4 + host.count)
    buffer.payload.storeBytes(of: getpid().littleEndian, as: Int32.self)
    UnsafeMutableRawBufferPointer(rebasing: buffer.payload[4...]).copyBytes(from: host)
    var header = FrameHeader(kind: kind.rawValue, token: token, requestID: 0)
    header.part = UInt32(rank)
    return buffer.takeMessage(header)
  }
}
