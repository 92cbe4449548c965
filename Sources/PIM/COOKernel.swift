/// Rows of sums over pairs of destination and source, in three stretches with barriers between them: all sums are set, edges are
/// added row by row, and what several tasklets have of one row comes together (PyGim's COO kernels).
final class COOKernel<Element: PIMElement> {
  private let tile: CoreTile
  private let addresses: TileAddresses
  /// Edges of each tasklet, counted from the core's first.
  private let shares: [Share]
  private let out: SumRows<Element>
  /// Sums of the rows at the ends of each tasklet's edges, which neighbours may have as well, and a row to bring them together in.
  private var pieces: [(row: Int, sums: UnsafeMutablePointer<Element.Sum>)] = []
  private var gathered: UnsafeMutablePointer<Element.Sum>?
  private var fill: UnsafeMutableRawPointer?

  init(_ tile: CoreTile, _ addresses: TileAddresses, _ shares: [Share]) {
    self.tile = tile
    self.addresses = addresses
    self.shares = shares
    out = SumRows(tile: tile, address: addresses.sums)
  }

  var phases: [(inout PIMTasklet) throws -> Void] {
    let shared: [(inout PIMTasklet) throws -> Void] =
      tile.strategy.taskletSplit == .exactLockFree ? [{ try self.gather(&$0) }] : []
    return [{ try self.clear(&$0) }, { try self.add(&$0) }] + shared
  }

  private func clear(_ tasklet: inout PIMTasklet) throws {
    guard tile.rows > 0 else { return }
    if tasklet.number == 0 {
      fill = try tasklet.allocate(tile.fillBytes)
      fill?.bindMemory(to: Element.Sum.self, capacity: tile.fillBytes / 4).update(
        repeating: EdgeLoop<Element>.initial(tile.operation), count: tile.fillBytes / 4)
      tasklet.done.work.moves += tile.fillBytes / 4
    }
    guard let fill else { preconditionFailure("tasklet 0 runs first") }
    var place = tile.rows * tasklet.number / tasklet.count * tile.sumRowBytes
    let end = tile.rows * (tasklet.number + 1) / tasklet.count * tile.sumRowBytes
    while place < end {
      let bytes = min(tile.fillBytes, end - place)
      tasklet.done.work.iterations += 1
      try tasklet.write(addresses.sums + place, from: fill, bytes: bytes)
      place += bytes
    }
  }

  private func add(_ tasklet: inout PIMTasklet) throws {
    var rows = try StreamReader<UInt32>(addresses.index, blockBytes: tile.strategy.streamBytes, &tasklet)
    var loop = try EdgeLoop<Element>(tile, addresses, &tasklet)
    let spare = try takeSpare(&tasklet, loop.sums)
    let edges = shares[tasklet.number].edges
    guard !edges.isEmpty else { return }
    var current = -1
    var isFirst = true
    for edge in edges {
      let row = Int(try rows.element(edge, &tasklet))
      if row != current {
        if current >= 0 {
          try flush(current, loop.sums, spare, mayBeShared: isFirst, &tasklet)
          isFirst = false
        }
        current = row
        loop.begin(&tasklet)
      }
      try loop.add(edge, &tasklet)
    }
    try flush(current, loop.sums, spare, mayBeShared: true, &tasklet)
  }

  /// Rows of scratchpad beside the row of sums: one to read into, or two to keep.
  private func takeSpare(
    _ tasklet: inout PIMTasklet, _ sums: UnsafeMutablePointer<Element.Sum>
  ) throws -> [UnsafeMutablePointer<Element.Sum>] {
    if tasklet.number == 0 { gathered = sums }
    let count =
      switch tile.strategy.taskletSplit {
      case .rows, .nonZeros: 0
      case .exactLocked: 1
      case .exactLockFree: 2
      }
    return try (0..<count).map { _ in
      try tasklet.allocate(tile.sumRowBytes).bindMemory(to: Element.Sum.self, capacity: tile.sumRowBytes / 4)
    }
  }

  private func flush(
    _ row: Int, _ sums: UnsafeMutablePointer<Element.Sum>, _ spare: [UnsafeMutablePointer<Element.Sum>], mayBeShared: Bool,
    _ tasklet: inout PIMTasklet
  ) throws {
    switch tile.strategy.taskletSplit {
    case .exactLocked:
      tasklet.lock()
      tasklet.done.work.iterations += 1
      try out.read(row, spare[0], &tasklet)
      out.combine(spare[0], into: sums, &tasklet)
      try out.write(row, sums, &tasklet)
      tasklet.unlock()
    case .exactLockFree where mayBeShared:
      let slot = spare[pieces.last.map { $0.sums == spare[0] } == true ? 1 : 0]
      slot.update(from: sums, count: tile.width)
      tasklet.done.work.iterations += 1
      tasklet.done.work.moves += tile.width
      pieces.append((row, slot))
    default:
      tasklet.done.work.iterations += 1
      try out.write(row, sums, &tasklet)
    }
  }

  /// Tasklet 0 adds up the pieces of each row, in the order of the tasklets.
  private func gather(_ tasklet: inout PIMTasklet) throws {
    guard tasklet.number == 0, let gathered else { return }
    for (index, piece) in pieces.enumerated() {
      tasklet.done.work.iterations += 1
      if index > 0, pieces[index - 1].row == piece.row {
        out.combine(piece.sums, into: gathered, &tasklet)
      } else {
        gathered.update(from: piece.sums, count: tile.width)
        tasklet.done.work.moves += tile.width
      }
      if index + 1 == pieces.count || pieces[index + 1].row != piece.row { try out.write(piece.row, gathered, &tasklet) }
    }
  }
}
