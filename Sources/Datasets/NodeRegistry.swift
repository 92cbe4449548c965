import Graphs
import Tensors

/// Numbers nodes by the first appearance of their keys, in memory of a stated size and files for the rest.
///
/// While its table has room every key is numbered at once. Then the table stays as it is: ends with keys that it knows are still
/// numbered at once, which are most of them where degrees are skewed; the others go to disk and are numbered by `finish`,
/// after all keys of the table, which appeared before. Numbers do not depend on the size of the table.
final class NodeRegistry {
  private let scratchFolder: String
  private let table: KeyTable
  private let names: NameWriter
  private var spilled: SpilledEnds?
  /// Ends of edges seen.
  private var position: UInt64 = 0

  /// - Parameters:
  ///   - tableBytes: Memory of the table.
  ///   - scratchFolder: Where temporary files lie.
  /// - Throws: `SystemError` when the folder takes no files.
  init(tableBytes: Int, scratchFolder: String) throws {
    self.scratchFolder = scratchFolder
    table = KeyTable(largestBytes: tableBytes)
    names = try NameWriter(in: scratchFolder)
  }

  /// Ends that are on disk.
  private(set) var spilledCount = 0

  /// Announces the next ends; some tens of them at a time pay.
  func warm(_ keys: UnsafeBufferPointer<NodeKey>) { table.warm(keys) }

  /// The number of the next end's node; 0 for now where it is not known before `finish`.
  ///
  /// - Parameter name: The name of a hashed key.
  /// - Throws: `SystemError` when the disk refuses.
  @inline(__always)
  func number(_ key: NodeKey, name: UnsafeRawBufferPointer) throws -> UInt32 {
    defer { position += 1 }
    switch table.place(of: key) {
    case .known(let number): return number
    case .new(let number):
      try names.append(key, long: name)
      return number
    case .full:
      try spill(SpilledEnd(position: position, key: key, name: name))
      return 0
    }
  }

  @inline(never)
  private func spill(_ end: SpilledEnd) throws {
    if spilled == nil { spilled = try SpilledEnds(in: scratchFolder) }
    try spilled?.append(end)
    spilledCount += 1
  }

  /// Numbers the ends that are on disk and gives the names of all nodes.
  ///
  /// - Parameters:
  ///   - place: Called with the position and the number of each end on disk.
  ///   - tooMany: The error for 2³² − 1 nodes or more.
  func finish(place: (UInt64, UInt32) -> Void, tooMany: (Int) -> any Error) throws -> NodeNames {
    guard let spilled else { return try names.finish() }
    let buckets = try spilled.finish()
    let firsts = try firstEnds(of: buckets)
    let counts = firsts.map(\.count)
    guard table.count + counts.reduce(0, +) < Int(UInt32.max) else { throw tooMany(table.count + counts.reduce(0, +)) }
    let numbers = try numberNodes(firsts.map(\.cursor), counts: counts)
    for (bucket, ends) in buckets.enumerated() {
      var ends = ends
      let bucketNumbers = numbers[bucket]
      let table = KeyTable()
      while let end = ends.next() {
        switch table.place(of: end.key) {
        case .known(let index), .new(let index): place(end.position, bucketNumbers[Int(index)])
        case .full: preconditionFailure("a table without limit is full")
        }
      }
    }
    return try names.finish()
  }

  /// The first end of each node of each bucket, on disk, in the order of the edges.
  private func firstEnds(of buckets: [SpilledEnds.Cursor]) throws -> [(cursor: SpilledEnds.Cursor, count: Int)] {
    let firsts = try SpilledEnds(in: scratchFolder)
    var counts: [Int] = []
    for ends in buckets {
      var ends = ends
      let table = KeyTable()
      while let end = ends.next() { if case .new = table.place(of: end.key) { try firsts.append(end) } }
      counts.append(table.count)
    }
    return zip(try firsts.finish(), counts).map { (cursor: $0, count: $1) }
  }

  /// Merges the nodes of all buckets by their first ends: the numbers of each bucket's nodes, in the order of the bucket.
  private func numberNodes(_ firsts: [SpilledEnds.Cursor], counts: [Int]) throws -> [ArrayView<UInt32>] {
    let numbers = counts.map { Buffer<UInt32>(count: $0) }
    var taken = [Int](repeating: 0, count: firsts.count)
    var cursors = firsts
    var heads = MergeHeap()
    for bucket in cursors.indices { if let end = cursors[bucket].next() { heads.insert(end, bucket: bucket) } }
    while let (end, bucket) = heads.first {
      numbers[bucket].pointer[taken[bucket]] = UInt32(truncatingIfNeeded: names.count)
      taken[bucket] += 1
      try names.append(end.key, long: end.name)
      heads.replaceFirst(by: cursors[bucket].next())
    }
    return numbers.map(\.view)
  }
}

/// The next end of each of several lists, the earliest of them first: a binary heap.
private struct MergeHeap {
  private var heads: [(end: SpilledEnd, bucket: Int)] = []

  var first: (end: SpilledEnd, bucket: Int)? { heads.first }

  mutating func insert(_ end: SpilledEnd, bucket: Int) {
    heads.append((end, bucket))
    var child = heads.count - 1
    while child > 0, heads[child].end.position < heads[(child - 1) / 2].end.position {
      heads.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Puts the end that follows the first in its place; the list leaves the heap where there is none.
  mutating func replaceFirst(by next: SpilledEnd?) {
    if let next { heads[0].end = next } else { heads[0] = heads[heads.count - 1] }
    if next == nil { heads.removeLast() }
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heads.count && heads[child].end.position < heads[least].end.position {
        least = child
      }
      if least == parent { return }
      heads.swapAt(parent, least)
      parent = least
    }
  }
}
