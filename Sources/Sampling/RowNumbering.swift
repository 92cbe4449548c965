import CKernels
import Graphs
import Tensors

/// Numbers the distinct ids of a list in order of first appearance, in parallel, with one result whatever the threads.
///
/// The list is cut into chunks by position, and its ids into regions by the high bits of their hash. Regions are as many as keep a
/// region's hash table in a second-level cache. Passes over chunks or regions, each in parallel:
/// ```
/// count     (chunks)   ids of every region in the chunk
/// scatter   (chunks)   entry = (id + 1) · 2²⁸ + position, region by region, positions increasing
/// find      (regions)  first position of each entry's id: the region's table keeps the first entry of every id
/// number    (chunks)   rows of first appearances, counting on from those of earlier chunks
/// ```
/// Each costs O(positions); 20 bytes a position are kept between uses. Ids are below 2³⁶ − 1, positions below 2²⁸.
final class RowNumbering {
  /// First position of every position's id, shape (positions).
  let first = GrowingBuffer<UInt32>()
  /// Row of every position that is its id's first, shape (positions).
  let rows = GrowingBuffer<UInt32>()
  private let entries = GrowingBuffer<UInt64>()
  /// First position of every entry's id.
  private let found = GrowingBuffer<UInt32>()
  /// Where each (chunk, region)'s entries begin, shape (chunks, regions); and one past the last entry of each region.
  private let begins = GrowingBuffer<Int>()
  private let ends = GrowingBuffer<Int>()
  /// First appearances in each (chunk, region), and the row that each chunk begins with.
  private let firsts = GrowingBuffer<UInt32>()
  private let chunkRows = GrowingBuffer<Int>()
  /// A cursor per region for every chunk at work.
  private let cursors = GrowingBuffer<Int>()
  private var tables: [FirstAppearances] = []
  private let chunk: Int
  private let regionSize: Int
  private static let positionBits: UInt64 = 28
  private static let regionLimit = 512

  /// - Parameters:
  ///   - chunk: Positions that a thread takes at a time.
  ///   - regionSize: Positions of a region at most, until there are 512 regions.
  init(chunk: Int = 1 << 14, regionSize: Int = 1 << 14) {
    self.chunk = chunk
    self.regionSize = regionSize
  }

  /// Bytes that it holds on to.
  var capacityBytes: Int {
    4 * (first.capacity + rows.capacity + found.capacity + firsts.capacity)
      + 8 * (entries.capacity + begins.capacity + ends.capacity + chunkRows.capacity + cursors.capacity)
      + tables.reduce(0) { $0 + $1.capacityBytes }
  }

  /// Numbers `head` and then `tail`, and replaces `ids` by the distinct ids in order of their numbers.
  func number(
    _ head: UnsafeBufferPointer<GlobalID>, _ tail: UnsafeBufferPointer<GlobalID>, ids: GrowingBuffer<GlobalID>, threads: Threads
  ) {
    let count = head.count + tail.count
    precondition(count < 1 << Self.positionBits, "\(count) ids to number")
    guard count > 0 else { return ids.removeAll() }
    var regionBits = 0
    while regionSize << regionBits < count && 1 << regionBits < Self.regionLimit { regionBits += 1 }
    let (regions, chunks) = (1 << regionBits, (count + chunk - 1) / chunk)
    reserve(count, chunks: chunks, regions: regions, threads)
    nonisolated(unsafe) let work = NumberingWork(
      head: head, tail: tail, regionBits: UInt64(regionBits), chunk: chunk, chunks: chunks, entries: entries.pointer, found: found.pointer,
      begins: begins.pointer, ends: ends.pointer, firsts: firsts.pointer, cursors: cursors.pointer, first: first.pointer, rows: rows.pointer
    )
    threads.forEachChunk(of: count, by: chunk) { work.count($0) }
    work.layOut()
    threads.forEachChunk(of: count, by: chunk) { work.scatter($0) }
    nonisolated(unsafe) let tables = tables
    let lanes = min(threads.count, regions)
    threads.forEach(lanes) { lane in
      for region in stride(from: lane, to: regions, by: lanes) { work.find(region, with: tables[lane]) }
    }
    self.chunkRows.resize(to: chunks)
    nonisolated(unsafe) let chunkRows = self.chunkRows.pointer
    ids.reset(to: work.countRows(before: chunkRows))
    nonisolated(unsafe) let numbered = ids.pointer
    let chunkLength = chunk
    threads.forEachChunk(of: count, by: chunk) { work.number($0, from: chunkRows[$0.lowerBound / chunkLength], ids: numbered) }
  }

  private func reserve(_ count: Int, chunks: Int, regions: Int, _ threads: Threads) {
    first.reset(to: count)
    rows.reset(to: count)
    found.reset(to: count)
    entries.reset(to: count)
    begins.resize(to: chunks * regions)
    cursors.resize(to: chunks * regions)
    firsts.resize(to: chunks * regions)
    ends.resize(to: regions)
    while tables.count < threads.count { tables.append(FirstAppearances()) }
  }
}

/// One numbering as threads see it: plain pointers; chunks and regions write places of their own.
private struct NumberingWork {
  let head: UnsafeBufferPointer<GlobalID>
  let tail: UnsafeBufferPointer<GlobalID>
  let regionBits: UInt64
  let chunk: Int
  let chunks: Int
  let entries: UnsafeMutablePointer<UInt64>
  let found: UnsafeMutablePointer<UInt32>
  let begins: UnsafeMutablePointer<Int>
  let ends: UnsafeMutablePointer<Int>
  let firsts: UnsafeMutablePointer<UInt32>
  let cursors: UnsafeMutablePointer<Int>
  let first: UnsafeMutablePointer<UInt32>
  let rows: UnsafeMutablePointer<UInt32>

  private var regions: Int { 1 << Int(regionBits) }

  /// Calls `body` with each position of a chunk and its id.
  @inline(__always)
  private func forEach(_ positions: Range<Int>, _ body: (Int, UInt64) -> Void) {
    var position = positions.lowerBound
    while position < min(positions.upperBound, head.count) {
      body(position, UInt64(bitPattern: head[position].rawValue))
      position &+= 1
    }
    guard let tail = tail.baseAddress else { return }
    while position < positions.upperBound {
      body(position, UInt64(bitPattern: tail[position &- head.count].rawValue))
      position &+= 1
    }
  }

  @inline(__always)
  private func region(of key: UInt64) -> Int { Int(truncatingIfNeeded: (hash(key) &>> 1) &>> (63 &- regionBits)) }

  func count(_ positions: Range<Int>) {
    let counts = begins + positions.lowerBound / chunk &* regions
    counts.update(repeating: 0, count: regions)
    forEach(positions) { _, id in counts[region(of: id &+ 1)] &+= 1 }
  }

  /// Turns the counts into places: regions one after the other, chunks in order in each.
  func layOut() {
    var place = 0
    for region in 0..<regions {
      for chunk in 0..<chunks {
        let cell = chunk &* regions &+ region
        let entries = begins[cell]
        begins[cell] = place
        place &+= entries
      }
      ends[region] = place
    }
  }

  /// Copies a chunk's places; each counts on from there.
  @inline(__always)
  private func takeCursors(_ positions: Range<Int>) -> UnsafeMutablePointer<Int> {
    let chunkCells = positions.lowerBound / chunk &* regions
    (cursors + chunkCells).update(from: begins + chunkCells, count: regions)
    return cursors + chunkCells
  }

  func scatter(_ positions: Range<Int>) {
    let cursors = takeCursors(positions)
    forEach(positions) { position, id in
      let region = region(of: id &+ 1)
      entries[cursors[region]] = (id &+ 1) &<< 28 | UInt64(truncatingIfNeeded: position)
      cursors[region] &+= 1
    }
  }

  /// Finds first positions of all entries of a region, and counts the first appearances in each of its chunks.
  func find(_ region: Int, with table: FirstAppearances) {
    let total = ends[region] &- begins[region]
    table.begin(regionBits: regionBits, expecting: total)
    for chunk in 0..<chunks {
      let begin = begins[chunk &* regions &+ region]
      let end = chunk &+ 1 < chunks ? begins[(chunk &+ 1) &* regions &+ region] : ends[region]
      firsts[chunk &* regions &+ region] = table.find(entries + begin, count: end &- begin, into: found + begin)
    }
  }

  /// Writes the number of first appearances before each chunk; returns that of all.
  func countRows(before chunkRows: UnsafeMutablePointer<Int>) -> Int {
    var total = 0
    for chunk in 0..<chunks {
      chunkRows[chunk] = total
      for cell in chunk &* regions..<(chunk &+ 1) &* regions { total &+= Int(firsts[cell]) }
    }
    return total
  }

  /// Writes the rows of a chunk's first appearances, from `row` on, and every position's first position.
  func number(_ positions: Range<Int>, from row: Int, ids: UnsafeMutablePointer<GlobalID>) {
    let cursors = takeCursors(positions)
    // Which ids are new cannot be predicted: every id is stored, and stays where the next one is not new either. The entries are
    // used up by now.
    let new = entries + positions.lowerBound
    var news = 0
    forEach(positions) { position, id in
      let region = region(of: id &+ 1)
      let cursor = cursors[region]
      cursors[region] = cursor &+ 1
      halo_ask_for_line(found + (cursor &+ 64))
      let earliest = found[cursor]
      first[position] = earliest
      rows[position] = UInt32(truncatingIfNeeded: row &+ news)
      new[news] = id
      news &+= Int(earliest) == position ? 1 : 0
    }
    UnsafeMutableRawPointer(ids + row).copyMemory(from: new, byteCount: news &* MemoryLayout<GlobalID>.stride)
  }
}

/// Multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4): the high bits are well mixed.
@inline(__always)
private func hash(_ key: UInt64) -> UInt64 { key &* 0x9E37_79B9_7F4A_7C15 }

/// The first entry of every id of a region: open addressing, the whole entry in its slot.
private final class FirstAppearances {
  private var slots = GrowingBuffer<UInt64>()
  private var spare = GrowingBuffer<UInt64>()
  private var bits: UInt64 = 6
  private var regionBits: UInt64 = 0
  private var used = 0
  /// A table starts with at most this many slots, 256 KiB, and doubles when half of it is used.
  private static let startBits: UInt64 = 15

  /// Bytes that it holds on to.
  var capacityBytes: Int { 8 * (slots.capacity + spare.capacity) }

  /// Empties the table for the `expecting` entries of a region.
  func begin(regionBits: UInt64, expecting: Int) {
    bits = 6
    while bits < Self.startBits && 1 << bits < 2 * expecting { bits += 1 }
    self.regionBits = regionBits
    used = 0
    slots.resize(to: 1 << Int(bits))
    slots.pointer.update(repeating: 0, count: slots.count)
  }

  /// Writes the position of the first entry with each entry's id; returns how many are their own.
  func find(_ entries: UnsafePointer<UInt64>, count: Int, into first: UnsafeMutablePointer<UInt32>) -> UInt32 {
    let before = used
    var done = 0
    while done < count {
      let room = slots.count / 2 - used
      if room <= slots.count / 8 && room < count - done { grow() }
      let some = min(count - done, slots.count / 2 - used)
      let new = Self.find(entries + done, count: some, in: slots.pointer, bits: bits, regionBits: regionBits, into: first + done)
      used += new
      done += some
    }
    return UInt32(used - before)
  }

  @inline(__always)
  private static func slot(_ entry: UInt64, bits: UInt64, regionBits: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash(entry &>> 28) &<< regionBits) &>> (64 &- bits))
  }

  @inline(__always)
  private static func find(
    _ entries: UnsafePointer<UInt64>, count: Int, in slots: UnsafeMutablePointer<UInt64>, bits: UInt64, regionBits: UInt64,
    into first: UnsafeMutablePointer<UInt32>
  ) -> Int {
    let mask = 1 &<< Int(bits) &- 1
    var new = 0
    for index in 0..<count {
      let entry = entries[index]
      var slot = slot(entry, bits: bits, regionBits: regionBits)
      // Whether an id is new cannot be predicted: an empty slot takes the entry, a full one is written as it was.
      var kept = slots[slot] == 0 ? entry : slots[slot]
      slots[slot] = kept
      while (kept ^ entry) &>> 28 != 0 {
        slot = (slot &+ 1) & mask
        kept = slots[slot] == 0 ? entry : slots[slot]
        slots[slot] = kept
      }
      new &+= kept == entry ? 1 : 0
      first[index] = UInt32(truncatingIfNeeded: kept & ((1 &<< 28) &- 1))
    }
    return new
  }

  private func grow() {
    let old = slots.count
    spare.resize(to: 2 * old)
    spare.pointer.update(repeating: 0, count: 2 * old)
    bits += 1
    for index in 0..<old where slots.pointer[index] != 0 {
      var slot = Self.slot(slots.pointer[index], bits: bits, regionBits: regionBits)
      while spare.pointer[slot] != 0 { slot = (slot &+ 1) & (2 * old - 1) }
      spare.pointer[slot] = slots.pointer[index]
    }
    swap(&slots, &spare)
  }
}
