/// Rows of sums over row offsets and sources: each tasklet computes whole rows and writes each once (PyGim's CSR kernels).
struct CSRKernel<Element: PIMElement> {
  let tile: CoreTile
  let addresses: TileAddresses
  /// Rows of each tasklet, counted from the core's first.
  let shares: [Share]

  var phases: [(inout PIMTasklet) throws -> Void] { [{ try run(&$0) }] }

  private func run(_ tasklet: inout PIMTasklet) throws {
    var offsets = try StreamReader<UInt32>(addresses.index, blockBytes: tile.strategy.streamBytes, &tasklet)
    var loop = try EdgeLoop<Element>(tile, addresses, &tasklet)
    let out = SumRows<Element>(tile: tile, address: addresses.sums)
    let rows = shares[tasklet.number].rows
    guard !rows.isEmpty else { return }
    var edge = Int(try offsets.element(rows.lowerBound, &tasklet))
    for row in rows {
      let end = Int(try offsets.element(row + 1, &tasklet))
      tasklet.done.work.iterations += 1
      loop.begin(&tasklet)
      while edge < end {
        try loop.add(edge, &tasklet)
        edge += 1
      }
      try out.write(row, loop.sums, &tasklet)
    }
  }
}
