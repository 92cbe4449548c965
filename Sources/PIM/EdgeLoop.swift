/// Where the arrays of a `CoreTile` lie in its bank.
struct TileAddresses {
  var sums = 0
  var inputs = 0
  var index = 0
  var sources = 0
  var weights = 0

  /// Takes the bank for `tile`.
  ///
  /// - Throws: `PIMFault.bankOverflow`.
  init(_ tile: CoreTile, in core: PIMCore) throws {
    sums = try core.allocate(tile.sumBytes)
    inputs = try core.allocate(tile.inputBytes)
    index = try core.allocate(tile.indexBytes)
    sources = try core.allocate(tile.sourceBytes)
    weights = try core.allocate(tile.weightBytes)
  }
}

/// A tasklet's loop over edges: fetches the source row of each and brings it into the row of sums in the scratchpad.
struct EdgeLoop<Element: PIMElement> {
  private let tile: CoreTile
  private let inputs: Int
  private var sources: StreamReader<UInt32>
  private var weights: StreamReader<Element>?
  private let input: UnsafeMutableRawPointer
  /// The row of sums.
  let sums: UnsafeMutablePointer<Element.Sum>

  /// - Throws: `PIMFault.scratchpadOverflow`.
  init(_ tile: CoreTile, _ addresses: TileAddresses, _ tasklet: inout PIMTasklet) throws {
    self.tile = tile
    inputs = addresses.inputs
    sources = try StreamReader(addresses.sources, blockBytes: tile.strategy.streamBytes, &tasklet)
    weights =
      try tile.isWeighted ? StreamReader(addresses.weights, blockBytes: tile.strategy.streamBytes, &tasklet) : nil
    input = try tasklet.allocate(tile.inputChunkBytes)
    sums = try tasklet.allocate(tile.sumRowBytes).bindMemory(to: Element.Sum.self, capacity: tile.sumRowBytes / 4)
  }

  /// What a row of sums holds before its first edge.
  static func initial(_ operation: PIMOperation) -> Element.Sum { operation == .max ? Element.leastSum : Element.emptySum }

  /// Clears the row of sums.
  func begin(_ tasklet: inout PIMTasklet) {
    sums.update(repeating: Self.initial(tile.operation), count: tile.width)
    tasklet.done.work.moves &+= tile.width
  }

  /// Brings in edge `edge` of the core.
  @inline(__always)
  mutating func add(_ edge: Int, _ tasklet: inout PIMTasklet) throws {
    let source = Int(try sources.element(edge, &tasklet))
    let row = inputs &+ source &* tile.inputRowBytes
    let weight = try weights?.element(edge, &tasklet) ?? Element.unit
    tasklet.done.work.iterations &+= 1
    var (byte, first) = (0, 0)
    while byte < tile.inputRowBytes {
      let bytes = min(tile.inputChunkBytes, tile.inputRowBytes &- byte)
      try tasklet.read(row &+ byte, into: input, bytes: bytes)
      let count = min(tile.width &- first, bytes / MemoryLayout<Element>.stride)
      combine(first, count, weight, &tasklet)
      byte &+= bytes
      first &+= count
    }
  }

  @inline(__always)
  private func combine(_ first: Int, _ count: Int, _ weight: Element, _ tasklet: inout PIMTasklet) {
    let x = input.assumingMemoryBound(to: Element.self)
    let target = sums + first
    switch tile.operation {
    case .multiplyAdd:
      for column in 0..<count { target[column] = Element.multiplyAdd(target[column], weight, x[column]) }
      tasklet.done.work.products &+= count
    case .add:
      for column in 0..<count { target[column] = Element.add(target[column], x[column]) }
      tasklet.done.work.additions &+= count
    case .max:
      for column in 0..<count { target[column] = Element.larger(target[column], x[column]) }
      tasklet.done.work.additions &+= count
    }
  }
}

/// Rows of sums between bank and scratchpad.
struct SumRows<Element: PIMElement> {
  let tile: CoreTile
  let address: Int

  func write(_ row: Int, _ sums: UnsafePointer<Element.Sum>, _ tasklet: inout PIMTasklet) throws {
    try transfer(row) { address, offset, bytes in
      try tasklet.write(address, from: UnsafeRawPointer(sums) + offset, bytes: bytes)
    }
  }

  func read(_ row: Int, _ sums: UnsafeMutablePointer<Element.Sum>, _ tasklet: inout PIMTasklet) throws {
    try transfer(row) { address, offset, bytes in
      try tasklet.read(address, into: UnsafeMutableRawPointer(sums) + offset, bytes: bytes)
    }
  }

  /// Brings `other` into `sums`.
  func combine(_ other: UnsafePointer<Element.Sum>, into sums: UnsafeMutablePointer<Element.Sum>, _ tasklet: inout PIMTasklet) {
    for column in 0..<tile.width {
      sums[column] =
        tile.operation == .max ? Element.larger(sums: sums[column], other[column]) : Element.combine(sums[column], other[column])
    }
    tasklet.done.work.additions &+= tile.width
  }

  private func transfer(_ row: Int, _ body: (Int, Int, Int) throws -> Void) rethrows {
    var offset = 0
    while offset < tile.sumRowBytes {
      let bytes = min(PIMCore.longestTransfer, tile.sumRowBytes - offset)
      try body(address + row * tile.sumRowBytes + offset, offset, bytes)
      offset += bytes
    }
  }
}
