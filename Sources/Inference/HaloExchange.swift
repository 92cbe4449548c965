public import Collectives
import Graphs
public import Kernels
public import Partitions
public import Tensors

/// Brings rows of halo nodes to the workers that need them, layer after layer.
///
/// Halo nodes owned by another part of the same worker are read in place; the others arrive once per worker, however many of its
/// parts need them, in one matrix. The lists of wanted rows are exchanged once; rows travel in rounds, so that what is copied to be
/// sent stays small.
public final class HaloExchange {
  private let group: any ProcessGroup
  /// For every worker, the rows of own parts that it wants; segments are own parts.
  private let outgoing: [[RowReference]]
  /// For every worker, the first row of what it sends here, and one past the last.
  private let starts: [Int]
  /// Rows of the longest message between any two workers.
  private let longestMessage: Int
  /// For every own part, a reference for each local id: segment i is own part i, the last segment holds what arrives.
  private let references: [Buffer<RowReference>]
  private let sending = GrowingBuffer<Float>()

  /// A collective call.
  ///
  /// - Parameter parts: The worker's own parts, increasing.
  public init(parts: [LocalPartition], assignment: PartAssignment, group: any ProcessGroup) throws {
    self.group = group
    let first = assignment.parts(of: group.rank).lowerBound
    let wanted = Self.wanted(by: parts, assignment: assignment, group: group)
    let asked = try group.exchange(wanted.map { ids in ids.withUnsafeBytes { Array($0) } })
    let outgoing = try asked.enumerated().map { worker, bytes in
      try Self.rows(asked: bytes, by: worker, parts: parts, first: first)
    }
    self.outgoing = outgoing
    let starts = wanted.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    self.starts = starts
    longestMessage = try group.allGather(value: outgoing.map(\.count).max() ?? 0).max() ?? 0
    references = parts.enumerated().map { index, part in
      let references = Buffer<RowReference>(count: part.innerCount + part.haloCount)
      for row in 0..<part.innerCount { references.pointer[row] = RowReference(segment: index, row: row) }
      for (position, id) in part.halo.enumerated() {
        let owner = part.book.owner(of: GlobalID(id))
        let worker = assignment.worker(of: owner)
        references.pointer[part.innerCount + position] =
          worker == group.rank
          ? RowReference(segment: owner - first, row: Int(part.book.innerLocalID(of: GlobalID(id)).rawValue))
          : RowReference(segment: parts.count, row: starts[worker] + Self.position(of: id, in: wanted[worker]))
      }
      return references
    }
  }

  /// Rows that arrive at this worker.
  public var arrivingRows: Int { starts[starts.count - 1] }

  /// Bytes held between exchanges: references and the lists of rows that others want.
  public var residentBytes: Int {
    (references.reduce(0) { $0 + $1.count } + outgoing.reduce(0) { $0 + $1.count }) * MemoryLayout<RowReference>.stride
  }

  /// References of every local id of own part `index`, for segments of the own parts' rows and then of what arrived.
  public func references(ofPart index: Int) -> UnsafeBufferPointer<RowReference> {
    UnsafeBufferPointer(start: references[index].pointer, count: references[index].count)
  }

  /// Sends the rows that other workers want of `segments` and receives those that own parts want; a collective call.
  ///
  /// - Parameters:
  ///   - segments: Rows of each own part, inner nodes first, of one element type.
  ///   - rowBytes: Bytes of a row.
  ///   - arrived: Receives the rows of others as they are, shape (`arrivingRows`, words of 4 bytes that hold a row), no gaps.
  ///   - roundBytes: Bytes copied to be sent in one round, the same on every worker; at least one row goes to each worker.
  public func exchange(_ segments: [RowSegment], rowBytes: Int, into arrived: MatrixView, roundBytes: Int) throws {
    precondition(arrived.rows == arrivingRows && arrived.stride == arrived.columns, "arriving rows of another shape")
    precondition(arrived.columns == Self.words(rowBytes), "\(rowBytes) bytes in rows of \(arrived.columns) words")
    precondition(segments.allSatisfy { $0.strideBytes >= rowBytes || $0.rows == 0 }, "rows narrower than \(rowBytes) bytes")
    guard longestMessage > 0 else { return }
    let rowsPerRound = max(1, roundBytes / (4 * arrived.columns * (group.size - 1)))
    for first in stride(from: 0, to: longestMessage, by: rowsPerRound) {
      let round = first..<first + rowsPerRound
      let lists = outgoing.map { $0[round.clamped(to: 0..<$0.count)] }
      try group.exchange(
        send: copies(of: lists, from: segments, rowBytes: rowBytes),
        receive: (0..<group.size).map { worker in
          let rows = round.clamped(to: 0..<starts[worker + 1] - starts[worker])
          return UnsafeMutableRawBufferPointer(
            start: arrived.row(starts[worker] + rows.lowerBound), count: 4 * rows.count * arrived.columns)
        })
    }
  }

  /// The rows of one round, one message per worker, in `sending` until the next round.
  private func copies(of lists: [ArraySlice<RowReference>], from segments: [RowSegment], rowBytes: Int) -> [UnsafeRawBufferPointer] {
    let words = Self.words(rowBytes)
    sending.resize(to: lists.reduce(0) { $0 + $1.count } * words)
    var target = sending.pointer
    return lists.map { list in
      let begin = target
      for reference in list {
        let segment = segments[reference.segment]
        // The last word is whole, whatever the row leaves of it.
        if words > 0 { target[words - 1] = 0 }
        UnsafeMutableRawPointer(target).copyMemory(from: segment.base + reference.row * segment.strideBytes, byteCount: rowBytes)
        target += words
      }
      return UnsafeRawBufferPointer(UnsafeBufferPointer(start: begin, count: target - begin))
    }
  }

  /// Words of 4 bytes that hold a row.
  static func words(_ rowBytes: Int) -> Int { (rowBytes + 3) / 4 }

  /// For every worker, the ids of its nodes that own parts need, increasing.
  private static func wanted(by parts: [LocalPartition], assignment: PartAssignment, group: any ProcessGroup) -> [[Int64]] {
    var wanted = [[Int64]](repeating: [], count: group.size)
    for part in parts {
      for id in part.halo {
        let worker = assignment.worker(of: part.book.owner(of: GlobalID(id)))
        if worker != group.rank { wanted[worker].append(id) }
      }
    }
    return wanted.map { ids in
      var distinct: [Int64] = []
      for id in ids.sorted() where distinct.last != id { distinct.append(id) }
      return distinct
    }
  }

  private static func rows(asked bytes: [UInt8], by worker: Int, parts: [LocalPartition], first: Int) throws -> [RowReference] {
    try bytes.withUnsafeBytes { raw in
      try (0..<raw.count / 8).map { index in
        let id = GlobalID(raw.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
        guard let book = parts.first?.book, book.contains(id), parts.indices.contains(book.owner(of: id) - first) else {
          throw InputError("worker \(worker)", expected: "rows of this worker's parts", found: "node \(id.rawValue)")
        }
        return RowReference(segment: book.owner(of: id) - first, row: Int(book.innerLocalID(of: id).rawValue))
      }
    }
  }

  private static func position(of id: Int64, in sorted: [Int64]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
