import Kernels
import Tensors

/// One cluster at work: its cores one after the other, and what the host does with their sums.
struct ClusterRun<Element: PIMElement> {
  private let aggregation: PIMAggregation
  private let slice: SliceRun<Element>
  private let columns: TileColumns
  private let operation: PIMOperation
  private let inputs: UnsafePointer<Element>
  private let out: UnsafeMutablePointer<Element.Sum>

  init(
    _ aggregation: PIMAggregation, _ slice: SliceRun<Element>, _ columns: TileColumns, _ operation: PIMOperation,
    inputs: UnsafePointer<Element>, out: UnsafeMutablePointer<Element.Sum>
  ) {
    self.aggregation = aggregation
    self.slice = slice
    self.columns = columns
    self.operation = operation
    self.inputs = inputs
    self.out = out
  }

  func run(cores: Int, on core: PIMCore) throws -> ClusterWork {
    var work = ClusterWork()
    for share in Share.ofCores(cores, aggregation.strategy, slice.edges) {
      let tile = CoreTile(
        rows: share.rows.count, edges: share.edges.count, sources: slice.edges.sourceCount, width: columns.range.count,
        strategy: aggregation.strategy, operation: operation)
      core.reset()
      let addresses = try TileAddresses(tile, in: core)
      try load(tile, share, addresses, core)
      let phases = try core.launch(tasklets: aggregation.strategy.tasklets, phases: kernel(tile, share, addresses))
      try merge(tile, share, addresses, core)
      work.add(tile, cycles: aggregation.topology.costs.cycles(phases: phases, aggregation.strategy.elementType))
    }
    return work
  }

  private func kernel(
    _ tile: CoreTile, _ share: Share, _ addresses: TileAddresses
  ) -> [(inout PIMTasklet) throws -> Void] {
    let shares = share.ofTasklets(aggregation.strategy, slice.edges).map { $0.relative(to: share) }
    switch aggregation.strategy.format {
    case .csr: return CSRKernel<Element>(tile: tile, addresses: addresses, shares: shares).phases
    case .coo: return COOKernel<Element>(tile, addresses, shares).phases
    }
  }

  /// The host writes edges and source rows to the bank.
  private func load(_ tile: CoreTile, _ share: Share, _ addresses: TileAddresses, _ core: PIMCore) throws {
    try core.hostWrite(slice.sources.range(share.edges), at: addresses.sources)
    if tile.isWeighted { try core.hostWrite(slice.weights.range(share.edges), at: addresses.weights) }
    let index: [UInt32]
    switch aggregation.strategy.format {
    case .csr: index = (share.rows.lowerBound...share.rows.upperBound).map { UInt32(slice.edges.offset($0) - share.edges.lowerBound) }
    case .coo: index = slice.destinations.range(share.edges).map { $0 - UInt32(share.rows.lowerBound) }
    }
    try index.withUnsafeBufferPointer { try core.hostWrite($0, at: addresses.index) }
    for source in 0..<tile.sources {
      let row = inputs + (slice.firstSource + source) * columns.of + columns.range.lowerBound
      try core.hostWrite(
        UnsafeBufferPointer(start: row, count: tile.width), at: addresses.inputs + source * tile.inputRowBytes)
    }
  }

  /// The host reads the sums and brings them to what other slices and cores gave.
  private func merge(_ tile: CoreTile, _ share: Share, _ addresses: TileAddresses, _ core: PIMCore) throws {
    try withUnsafeTemporaryAllocation(of: Element.Sum.self, capacity: tile.width) { row in
      for number in 0..<tile.rows {
        try core.hostRead(addresses.sums + number * tile.sumRowBytes, into: row)
        let target = out + (share.rows.lowerBound + number) * columns.of + columns.range.lowerBound
        for column in 0..<tile.width {
          target[column] =
            operation == .max ? Element.larger(sums: target[column], row[column]) : Element.combine(target[column], row[column])
        }
      }
    }
  }

  /// Sets a part's columns before the first slice.
  static func begin(_ out: UnsafeMutablePointer<Element.Sum>, rows: Int, _ columns: TileColumns, _ operation: PIMOperation) {
    for row in 0..<rows {
      (out + row * columns.of + columns.range.lowerBound).update(
        repeating: EdgeLoop<Element>.initial(operation), count: columns.range.count)
    }
  }

  /// Largest elements of nothing become zeros.
  static func finish(
    _ out: UnsafeMutablePointer<Element.Sum>, _ edges: Neighborhood, _ columns: TileColumns, _ operation: PIMOperation
  ) {
    guard operation == .max else { return }
    for row in 0..<edges.destinationCount where edges.begin[row] == edges.end[row] {
      (out + row * columns.of + columns.range.lowerBound).update(repeating: Element.emptySum, count: columns.range.count)
    }
  }
}

extension Share {
  /// The same share, rows and edges counted from those of `core`.
  func relative(to core: Share) -> Share {
    Share(
      rows: rows.lowerBound - core.rows.lowerBound..<rows.upperBound - core.rows.lowerBound,
      edges: edges.lowerBound - core.edges.lowerBound..<edges.upperBound - core.edges.lowerBound)
  }
}

extension Buffer {
  /// Elements `range`, valid while the buffer lives.
  fileprivate func range(_ range: Range<Int>) -> UnsafeBufferPointer<Element> {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "elements \(range) of \(count)")
    return UnsafeBufferPointer(start: pointer + range.lowerBound, count: range.count)
  }
}
