public import Collectives
import Graphs
public import Kernels
public import Partitions
public import Tensors

/// Brings hidden rows of halo nodes to the workers that need them, layer after layer.
///
/// Halo nodes owned by another part of the same worker are read in place; the others arrive once per worker, however many of its
/// parts need them, in one matrix. The lists of wanted rows are exchanged once.
public final class HaloExchange {
  private let group: any ProcessGroup
  /// For every worker, the rows of own parts that it wants: (index of own part, row).
  private let outgoing: [[(part: Int, row: Int)]]
  /// For every worker, how many rows it sends here.
  private let incoming: [Int]
  /// For every own part, a reference for each local id: segment i is own part i, the last segment holds what arrives.
  private let references: [Buffer<RowReference>]

  /// - Parameter parts: The worker's own parts, increasing.
  public init(parts: [LocalPartition], assignment: PartAssignment, group: any ProcessGroup) throws {
    self.group = group
    let first = assignment.parts(of: group.rank).lowerBound
    var wanted = [[Int64]](repeating: [], count: group.size)
    for part in parts {
      for id in part.halo {
        let worker = assignment.worker(of: part.book.owner(of: GlobalID(id)))
        if worker != group.rank { wanted[worker].append(id) }
      }
    }
    wanted = wanted.map { Array(Set($0)).sorted() }
    incoming = wanted.map(\.count)
    let asked = try group.exchange(wanted.map { ids in ids.withUnsafeBytes { Array($0) } })
    outgoing = try asked.enumerated().map { worker, bytes in
      try Self.rows(asked: bytes, by: worker, parts: parts, first: first)
    }
    var starts = [Int](repeating: 0, count: group.size)
    for worker in 1..<max(1, group.size) { starts[worker] = starts[worker - 1] + incoming[worker - 1] }
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

  /// References of every local id of own part `index`, for segments as `exchange` returns them.
  public func references(ofPart index: Int) -> UnsafeBufferPointer<RowReference> {
    UnsafeBufferPointer(start: references[index].pointer, count: references[index].count)
  }

  /// Sends the rows that other workers want of `layers` (one matrix per own part, inner rows first) and returns the segments that
  /// `references` index: the matrices themselves, then what arrived.
  public func exchange(_ layers: [Matrix]) throws -> [RowSegment] {
    let width = layers[0].columns
    precondition(layers.allSatisfy { $0.columns == width && $0.stride == width }, "layers of different width")
    let send = Matrix(rows: outgoing.reduce(0) { $0 + $1.count }, columns: width)
    let arrived = Matrix(rows: incoming.reduce(0, +), columns: width)
    var row = 0
    for list in outgoing {
      for (part, source) in list {
        send.view.row(row).update(from: layers[part].view.row(source), count: width)
        row += 1
      }
    }
    try group.exchange(
      send: Self.slices(of: send, outgoing.map(\.count)).map { UnsafeRawBufferPointer($0) },
      receive: Self.slices(of: arrived, incoming))
    return (layers + [arrived]).map { RowSegment($0.view, owner: $0) }
  }

  private static func slices(of matrix: Matrix, _ counts: [Int]) -> [UnsafeMutableRawBufferPointer] {
    var row = 0
    return counts.map { count in
      defer { row += count }
      return UnsafeMutableRawBufferPointer(start: matrix.view.row(row), count: count * matrix.columns * 4)
    }
  }

  private static func rows(asked bytes: [UInt8], by worker: Int, parts: [LocalPartition], first: Int) throws -> [(part: Int, row: Int)] {
    try bytes.withUnsafeBytes { raw in
      try (0..<raw.count / 8).map { index in
        let id = GlobalID(raw.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
        guard let book = parts.first?.book, book.contains(id), parts.indices.contains(book.owner(of: id) - first) else {
          throw InputError("worker \(worker)", expected: "rows of this worker's parts", found: "node \(id.rawValue)")
        }
        return (book.owner(of: id) - first, Int(book.innerLocalID(of: id).rawValue))
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
