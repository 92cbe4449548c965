import Graphs
import KVStore
import Kernels
import Partitions
import Tensors

/// A cut of a part's inner nodes into runs whose in-neighbours in the halo fit into a bound, and the rows of each run.
///
/// Rows of halo nodes are pulled once for every run that reads them; those of other parts that this process maps are read in place.
/// Confined to one thread.
final class NeighbourhoodPieces {
  private let part: LocalPartition
  private let store: RowStore
  private let threads: Threads
  private let limit: Int
  private let arena = RowArena()
  /// Run in which a halo node was last wanted, from 1.
  private let lastWanted: Buffer<UInt32>
  private let ids: Buffer<GlobalID>

  /// - Parameter limit: Halo nodes of a run at most, beyond those of its first tile.
  init(_ part: LocalPartition, store: RowStore, limit: Int, threads: Threads) {
    self.part = part
    self.store = store
    self.limit = limit
    self.threads = threads
    lastWanted = Buffer(count: part.haloCount)
    ids = Buffer(count: part.innerCount + part.haloCount)
  }

  /// Calls `body` with each run, whole tiles of nodes, and a row for every part-local id: that of another node where the run does not
  /// read it.
  func forEachRun(_ body: (Range<Int>, InputRows) throws -> Void) throws {
    lastWanted.pointer.update(repeating: 0, count: lastWanted.count)
    var first = 0
    var number: UInt32 = 0
    while first < part.innerCount {
      number += 1
      let run = first..<end(ofRun: number, from: first)
      let rows = try withExtendedLifetime((ids, lastWanted)) {
        for local in 0..<ids.count {
          let isRead = local < part.innerCount || lastWanted.pointer[local - part.innerCount] == number
          ids.pointer[local] = part.globalID(of: PartLocalID(isRead ? UInt32(local) : 0))
        }
        return try store.resolve(
          [UnsafeBufferPointer(start: ids.pointer, count: ids.count)], step: 0, into: arena, threads: threads)[0]
      }
      try body(run, rows)
      first = run.upperBound
    }
  }

  /// Marks what a run wants, tile after tile while it fits; returns where the run ends.
  private func end(ofRun number: UInt32, from first: Int) -> Int {
    var wanted = 0
    var end = first
    while end < part.innerCount {
      let tile = end..<min(part.innerCount, end + Tiles.height)
      wanted += mark(tile, number)
      // A tile too many was marked: its rows are pulled here and once more in the next run.
      if wanted > limit, end > first { return end }
      end = tile.upperBound
    }
    return end
  }

  private func mark(_ nodes: Range<Int>, _ number: UInt32) -> Int {
    var new = 0
    for edge in Int(part.indptr[nodes.lowerBound])..<Int(part.indptr[nodes.upperBound]) {
      let local = Int(part.indices.pointer[edge])
      guard local >= part.innerCount, lastWanted.pointer[local - part.innerCount] != number else { continue }
      lastWanted.pointer[local - part.innerCount] = number
      new += 1
    }
    return new
  }
}
