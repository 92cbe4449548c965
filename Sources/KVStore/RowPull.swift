import Glibc
import Kernels
import Messaging
import Partitions
import Tensors

/// The rows to be pulled from one part, in the order of its requests.
final class PartPull {
  let part: Int
  /// Rank of the part's owner.
  let worker: Int
  /// Part-local ids.
  let ids = GrowingBuffer<UInt32>()
  /// Where the row of each id is written; of dense tables.
  let targets = GrowingBuffer<UnsafeMutableRawPointer>()
  /// Arena row of each id; of sparse tables.
  let rows = GrowingBuffer<UInt32>()

  init(part: Int, worker: Int) {
    self.part = part
    self.worker = worker
  }

  /// Bytes that the list holds on to.
  var capacityBytes: Int { 4 * (ids.capacity + rows.capacity) + 8 * targets.capacity }

  func removeAll() {
    ids.removeAll()
    targets.removeAll()
    rows.removeAll()
  }
}

/// One round of pulls from all owners, cut into requests of a quarter megabyte: while one answer is copied into the arena,
/// the next are gathered and under way.
struct RowPull {
  /// Rows `range` of one part's pull.
  struct Chunk {
    let pull: PartPull
    let range: Range<Int>
    var count: Int { range.count }
  }

  /// Bytes of rows that one request asks for: 128 KiB to 1 MiB measured alike over loopback, smaller requests slower.
  private static let requestBytes = 256 << 10
  /// What a row of a sparse table is taken to need when requests are cut: 63 entries.
  static let assumedSparseRowBytes = 508

  private let kind: MessageKind
  private let chunks: [Chunk]
  private let requests: [OutgoingRequest]

  /// - Parameter bytesPerRow: Size of a row on the wire, or a guess.
  init(_ kind: MessageKind, of table: TableShards, _ pulls: [PartPull], step: UInt32, bytesPerRow: Int) {
    let rowsPerRequest = max(1, Self.requestBytes / max(4, bytesPerRow))
    var chunks: [Chunk] = []
    for pull in pulls {
      for start in stride(from: 0, to: pull.ids.count, by: rowsPerRequest) {
        chunks.append(Chunk(pull: pull, range: start..<min(pull.ids.count, start + rowsPerRequest)))
      }
    }
    self.kind = kind
    self.chunks = chunks
    requests = chunks.map { chunk in
      OutgoingRequest(
        to: chunk.pull.worker, kind, table: table.number, part: chunk.pull.part, step: step, count: chunk.count,
        expectedReplyBytes: chunk.count * bytesPerRow,
        buffer: MessageBuffer(UnsafeBufferPointer(rebasing: chunk.pull.ids.readOnly[chunk.range])))
    }
  }

  /// Asks all owners and hands over each answer, in any order.
  func run(_ client: Client?, receive: (Chunk, Reply) throws -> Void) throws {
    guard let client else { throw MessagingError.unknownPeer(chunks.first?.pull.worker ?? 0) }
    try client.call(requests) { index, reply in try receive(chunks[index], reply) }
  }
}

extension RowPull.Chunk {
  /// Checks the answer to a dense pull and copies its rows to their places, at the table's stride; rows of int8 come with their scales.
  func scatterDense(_ reply: Reply, table: TableDescription) throws {
    let rowBytes = table.rowBytes
    try check(reply, payloadBytes: count * rowBytes, detail: rowBytes)
    guard rowBytes > 0, let source = reply.payload.baseAddress else { return }
    let targets = UnsafeBufferPointer(rebasing: pull.targets.readOnly[range])
    RowMoves.scatter(from: source, rowBytes: rowBytes, strideBytes: table.strideBytes, to: targets)
    guard table.elementType == .int8 else { return }
    for target in targets {
      let scale = target.load(fromByteOffset: ElementType.scaleOffset(columns: table.columns), as: Float.self)
      guard scale.isFinite, scale >= 0 else { throw malformed("scales that are finite and not negative", "\(scale)") }
    }
  }

  /// Checks the answer to a sparse pull and writes each row's length behind its place in the arena's `indptr`.
  func noteLengths(_ reply: Reply, columns: Int, in arena: RowArena) throws {
    try check(reply, payloadBytes: nil, detail: nil)
    guard reply.detail <= reply.payload.count, reply.payload.count == count * 4 + reply.detail * 8 else {
      throw malformed("\(count) lengths and \(reply.detail) entries", "\(reply.payload.count) bytes")
    }
    var entry = 0
    for index in 0..<count {
      let length = Int(reply.word(index))
      guard length <= reply.detail - entry else { throw malformed("\(reply.detail) entries", "rows with more") }
      var previous = -1
      for position in entry..<entry + length {
        let column = Int(reply.word(count + position))
        guard column > previous, column < columns else {
          throw malformed("increasing columns below \(columns)", "\(column) after \(previous)")
        }
        previous = column
      }
      arena.indptr.pointer[Int(pull.rows.pointer[range.lowerBound + index]) + 1] = Int64(length)
      entry += length
    }
    guard entry == reply.detail else { throw malformed("\(reply.detail) entries", "\(entry)") }
  }

  /// Copies the entries of a checked answer to where `indptr` says.
  func scatterSparse(_ reply: Reply, into arena: RowArena) {
    guard let payload = reply.payload.baseAddress else { return }
    var columns = payload + count * 4
    var values = columns + reply.detail * 4
    for index in range {
      let row = Int(pull.rows.pointer[index])
      let first = Int(arena.indptr.pointer[row])
      let bytes = (Int(arena.indptr.pointer[row + 1]) - first) * 4
      memcpy(arena.indices.pointer + first, columns, bytes)
      memcpy(arena.values.pointer + first, values, bytes)
      columns += bytes
      values += bytes
    }
  }

  private func check(_ reply: Reply, payloadBytes: Int?, detail: Int?) throws {
    guard reply.count == count else { throw malformed("\(count) rows", "\(reply.count)") }
    if let detail, reply.detail != detail { throw malformed("rows of \(detail) bytes", "\(reply.detail)") }
    if let payloadBytes, reply.payload.count != payloadBytes { throw malformed("\(payloadBytes) bytes", "\(reply.payload.count)") }
  }

  private func malformed(_ expected: String, _ found: String) -> InputError {
    InputError("rows of part \(pull.part) from worker \(pull.worker)", expected: expected, found: found)
  }
}

extension RowArena {
  /// Turns the lengths in `indptr[1...rows]` into offsets and makes room for all entries.
  func sumLengths(rows: Int) {
    for row in 0..<rows { indptr.pointer[row + 1] += indptr.pointer[row] }
    indices.resize(to: Int(indptr.pointer[rows]))
    values.resize(to: Int(indptr.pointer[rows]))
  }
}

extension Reply {
  /// The `index`-th 32-bit word of the payload.
  fileprivate func word(_ index: Int) -> UInt32 {
    UInt32(littleEndian: payload.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
  }
}
