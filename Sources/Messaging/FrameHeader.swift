/// What a message asks for or carries; part of the wire format, so values never change their meaning.
public enum MessageKind: UInt16, Sendable, CaseIterable {
  /// Rows of a dense table, of a learned one as of a step; answered by the same kind.
  case pullRows = 1
  /// Rows of a sparse table; answered by the same kind.
  case pullSparseRows = 2
  /// Sampled in-neighbours of a list of nodes; answered by the same kind.
  case sampleNeighbors = 3
  /// What a server of one part has and takes; answered by the same kind.
  case describe = 4
  /// Global ids of nodes that the user's numbers name; answered by the same kind.
  case findNodes = 5
  /// The user's numbers of nodes that global ids name; answered by the same kind.
  case originalNumbers = 6
  /// Gradients of rows that a part has used in a step, for their owner; answered by the same kind, empty.
  case pushGradients = 7
  /// A sign of life, from a worker to rank 0 and back.
  case heartbeat = 0x100
  /// The sender leaves in good order and will be silent from now on; answered by the same kind.
  case departure = 0x101
  /// Why a request was not served: one line of UTF-8 text.
  case failure = 0xffff
}

/// The first 56 bytes of every message; all numbers are little-endian.
///
/// ```
///  0        4         6        8                 16                24
/// ┌────────┬─────────┬────────┬─────────────────┬─────────────────┐
/// │ "HALO" │ version │  kind  │    job token    │   request id    │   these 24 bytes are the same in every version
/// ├────────┼─────────┴────────┼────────┬────────┼─────────────────┤
/// │ table  │       part       │  step  │ count  │     detail      │
/// ├────────┴──────────────────┴────────┴────────┴─────────────────┘
/// 24       28                 32       36       40               48
/// ├──────────────────┬──────────────────────────────────────────────
/// │  payload bytes   │  payload …
/// └──────────────────┴──────────────────────────────────────────────
/// 48                 56
/// ```
/// `table`, `part`, `step`, `count` and `detail` mean what the kind says. The length of the whole message must be
/// 56 + payload bytes, exactly.
package struct FrameHeader: Equatable, Sendable {
  package static let magic: UInt32 = 0x4F4C_4148
  package static let currentVersion: UInt16 = 1
  /// Bytes a header occupies.
  package static let size = 56

  package var version = FrameHeader.currentVersion
  /// Raw value of a `MessageKind`, checked by whoever dispatches on it.
  package var kind: UInt16
  /// Number that all workers of one job share and no other job has.
  package var token: UInt64
  /// Echoed by the reply.
  package var requestID: UInt64
  package var table: UInt32 = 0
  package var part: UInt32 = 0
  package var step: UInt32 = 0
  package var count: UInt32 = 0
  package var detail: UInt64 = 0
  package var payloadBytes: UInt64 = 0

  package init(kind: UInt16, token: UInt64, requestID: UInt64) {
    self.kind = kind
    self.token = token
    self.requestID = requestID
  }

  /// Why the bytes of a message are not a frame of this job.
  package enum Fault: Error, Equatable {
    /// Too short, another magic number, another job's token, or a length that does not match.
    case foreign
    /// A frame of this job in a version that this program does not speak.
    case version(UInt16, kind: UInt16, requestID: UInt64)
  }

  /// Reads and checks the header of a whole message.
  package init(parsing message: UnsafeRawBufferPointer, token: UInt64) throws(Fault) {
    guard message.count >= 24, Self.load(UInt32.self, message, 0) == Self.magic, Self.load(UInt64.self, message, 8) == token else {
      throw .foreign
    }
    version = Self.load(UInt16.self, message, 4)
    kind = Self.load(UInt16.self, message, 6)
    self.token = token
    requestID = Self.load(UInt64.self, message, 16)
    guard version == Self.currentVersion else { throw .version(version, kind: kind, requestID: requestID) }
    guard message.count >= Self.size else { throw .foreign }
    table = Self.load(UInt32.self, message, 24)
    part = Self.load(UInt32.self, message, 28)
    step = Self.load(UInt32.self, message, 32)
    count = Self.load(UInt32.self, message, 36)
    detail = Self.load(UInt64.self, message, 40)
    payloadBytes = Self.load(UInt64.self, message, 48)
    guard payloadBytes == UInt64(message.count - Self.size) else { throw .foreign }
  }

  /// The token that a message names, whoever sent it; `nil` where none is there.
  static func token(of message: UnsafeRawBufferPointer) -> UInt64? { message.count >= 24 ? load(UInt64.self, message, 8) : nil }

  /// Writes the header's 56 bytes to the front of `message`.
  package func write(to message: UnsafeMutableRawBufferPointer) {
    precondition(message.count >= Self.size, "no room for a frame header in \(message.count) bytes")
    message.storeBytes(of: Self.magic.littleEndian, toByteOffset: 0, as: UInt32.self)
    message.storeBytes(of: version.littleEndian, toByteOffset: 4, as: UInt16.self)
    message.storeBytes(of: kind.littleEndian, toByteOffset: 6, as: UInt16.self)
    message.storeBytes(of: token.littleEndian, toByteOffset: 8, as: UInt64.self)
    message.storeBytes(of: requestID.littleEndian, toByteOffset: 16, as: UInt64.self)
    message.storeBytes(of: table.littleEndian, toByteOffset: 24, as: UInt32.self)
    message.storeBytes(of: part.littleEndian, toByteOffset: 28, as: UInt32.self)
    message.storeBytes(of: step.littleEndian, toByteOffset: 32, as: UInt32.self)
    message.storeBytes(of: count.littleEndian, toByteOffset: 36, as: UInt32.self)
    message.storeBytes(of: detail.littleEndian, toByteOffset: 40, as: UInt64.self)
    message.storeBytes(of: payloadBytes.littleEndian, toByteOffset: 48, as: UInt64.self)
  }

  private static func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type, _ bytes: UnsafeRawBufferPointer, _ offset: Int
  ) -> T {
    T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }
}
