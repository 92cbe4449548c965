import Graphs
import Tensors

/// Numbers nodes by the first appearance of their keys, in memory of a stated size and files for the rest.
///
/// While its table has room every key is numbered at once. Then the table stays as it is: ends with keys that it knows are still
/// numbered at once, which are most of them where degrees are skewed; the others go to disk and are numbered by `finish`,
/// after all keys of the table, which appeared before. On disk they lie in buckets whose tables are as large as that one at most: a
/// bucket with too many nodes is spread over buckets of its own. Numbers do not depend on the size of the table.
///
/// Memory: the table, then that of one bucket in its place; 4 bytes for each node that is on disk; 16 MiB each for the ends on their way to
/// a bucket and for every time that a bucket is spread again.
final class NodeRegistry {
  private let tableBytes: Int
  private let scratchFolder: String
  private let table: KeyTable
  private let names: NameWriter
  private var spilled: SpilledEnds?
  /// Ends of edges seen.
  private var position: UInt64 = 0

  /// - Parameters:
  ///   - tableBytes: Memory of a table; one holds 768 keys at least.
  ///   - scratchFolder: Where temporary files lie.
  /// - Throws: `SystemError` when the folder takes no files.
  init(tableBytes: Int, scratchFolder: String) throws {
    self.tableBytes = tableBytes
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
    table.removeAll()
    guard let spilled else { return try names.finish() }
    self.spilled = nil
    let known = names.count
    let (buckets, firsts, counts) = try bucketsThatFit(try spilled.finish())
    guard known + counts.reduce(0, +) < Int(UInt32.max) else { throw tooMany(known + counts.reduce(0, +)) }
    let numbers = try numberNodes(firsts, counts: counts)
    for (bucket, ends) in buckets.enumerated() {
      var ends = ends
      let bucketNumbers = numbers[bucket]
      let table = KeyTable()  // It becomes as large as it was when the bucket was found to fit.
      while let end = ends.next() {
        switch table.place(of: end.key) {
        case .known(let index), .new(let index): place(end.position, bucketNumbers[Int(index)])
        case .full: preconditionFailure("a table without limit is full")
        }
      }
    }
    return try names.finish()
  }

  /// Spreads buckets until the nodes of each fit into a table; their ends, the first end of each of their nodes in the order of the
  /// edges, and how many nodes they have.
  private func bucketsThatFit(_ buckets: [SpilledList]) throws -> (ends: [SpilledList], firsts: [SpilledList], counts: [Int]) {
    let firsts = try SpilledLists(in: scratchFolder)
    var (fitting, counts): ([SpilledList], [Int]) = ([], [])
    // Buckets are looked at in turn, those of a spread one in its place.
    var open = Array(buckets.reversed().map { (ends: $0, level: 1) })
    while let (ends, level) = open.popLast() {
      let canSpread = level < SpilledEnds.levelCount
      if let count = try appendFirsts(of: ends, to: firsts, limit: canSpread ? tableBytes : .max) {
        fitting.append(ends)
        counts.append(count)
      } else {
        open += try spread(ends, level: level).reversed().map { (ends: $0, level: level + 1) }
      }
    }
    return (fitting, try firsts.finish(), counts)
  }

  /// Makes a list of the first end of each node of a bucket; how many they are, `nil` where they do not fit into a table of `limit` bytes.
  private func appendFirsts(of ends: SpilledList, to firsts: SpilledLists, limit: Int) throws -> Int? {
    firsts.beginList()
    var ends = ends
    let table = KeyTable(largestBytes: limit)
    while let end = ends.next() {
      switch table.place(of: end.key) {
      case .known: break
      case .new: try firsts.append(end)
      case .full: return nil
      }
    }
    firsts.keepList()
    return table.count
  }

  private func spread(_ ends: SpilledList, level: Int) throws -> [SpilledList] {
    var ends = ends
    let finer = try SpilledEnds(in: scratchFolder, level: level)
    while let end = ends.next() { try finer.append(end) }
    return try finer.finish()
  }

  /// Merges the nodes of all buckets by their first ends: the numbers of each bucket's nodes, in the order of the bucket.
  private func numberNodes(_ firsts: [SpilledList], counts: [Int]) throws -> [ArrayView<UInt32>] {
    let numbers = counts.map { Buffer<UInt32>(count: $0) }
    var taken = [Int](repeating: 0, count: firsts.count)
    var lists = firsts
    var heads = MergeHeap()
    for bucket in lists.indices { if let end = lists[bucket].next() { heads.insert(end, bucket: bucket) } }
    while let (end, bucket) = heads.first {
      numbers[bucket].pointer[taken[bucket]] = UInt32(truncatingIfNeeded: names.count)
      taken[bucket] += 1
      try names.append(end.key, long: end.name)
      heads.replaceFirst(by: lists[bucket].next())
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
