/// What the kernels would count for a core, from the shares and the degrees alone: no bytes move.
struct KernelCount {
  let tile: CoreTile
  let core: Share
  let slice: SliceEdges

  /// Work of every tasklet between barriers, equal to what a launch of the kernel counts. O(tasklets · log rows).
  var phases: [[PIMTaskletWork]] {
    let shares = core.ofTasklets(tile.strategy, slice)
    switch tile.strategy.format {
    case .csr: return [shares.map(csr)]
    case .coo:
      let phases = [(0..<shares.count).map(clear), shares.map(coo)]
      return tile.strategy.taskletSplit == .exactLockFree ? phases + [gather(shares)] : phases
    }
  }

  private func blocks(_ range: Range<Int>, from first: Int, size: Int) -> Int {
    StreamReader<UInt8>.blocks(
      range.lowerBound - first..<range.upperBound - first, size: size, blockBytes: tile.strategy.streamBytes)
  }

  /// Blocks of a stream.
  private func count(_ blocks: Int, in work: inout PIMWork) {
    work.reads += blocks
    work.readBytes += blocks * tile.strategy.streamBytes
  }

  private func edges(_ edges: Range<Int>, in work: inout PIMWork) {
    count(blocks(edges, from: core.edges.lowerBound, size: 4), in: &work)
    if tile.isWeighted { count(blocks(edges, from: core.edges.lowerBound, size: tile.strategy.elementType.bytes), in: &work) }
    work.iterations += edges.count
    work.countReads(edges.count, ofRows: tile.inputRowBytes)
    if tile.isWeighted { work.products += edges.count * tile.width } else { work.additions += edges.count * tile.width }
  }

  private func csr(_ share: Share) -> PIMTaskletWork {
    var done = PIMTaskletWork()
    guard !share.rows.isEmpty else { return done }
    count(blocks(share.rows.lowerBound..<share.rows.upperBound + 1, from: core.rows.lowerBound, size: 4), in: &done.work)
    done.work.iterations += share.rows.count
    done.work.moves += share.rows.count * tile.width
    edges(share.edges, in: &done.work)
    done.work.countWrites(share.rows.count, ofRows: tile.sumRowBytes)
    return done
  }

  private func clear(_ tasklet: Int) -> PIMTaskletWork {
    var done = PIMTaskletWork()
    guard tile.rows > 0 else { return done }
    if tasklet == 0 { done.work.moves += tile.fillBytes / 4 }
    let count = tile.strategy.tasklets
    let bytes = (tile.rows * (tasklet + 1) / count - tile.rows * tasklet / count) * tile.sumRowBytes
    done.work.iterations += (bytes + tile.fillBytes - 1) / tile.fillBytes
    done.work.countWrites(1, ofRows: bytes, most: tile.fillBytes)
    return done
  }

  private func coo(_ share: Share) -> PIMTaskletWork {
    var done = PIMTaskletWork()
    guard !share.edges.isEmpty else { return done }
    count(blocks(share.edges, from: core.edges.lowerBound, size: 4), in: &done.work)
    edges(share.edges, in: &done.work)
    let rows = slice.rowsTouched(by: share.edges)
    done.work.iterations += rows
    done.work.moves += rows * tile.width
    switch tile.strategy.taskletSplit {
    case .rows, .nonZeros:
      done.work.countWrites(rows, ofRows: tile.sumRowBytes)
    case .exactLocked:
      done.locked.iterations = rows
      done.locked.additions = rows * tile.width
      done.locked.countReads(rows, ofRows: tile.sumRowBytes)
      done.locked.countWrites(rows, ofRows: tile.sumRowBytes)
      done.work.additions += rows * tile.width
      done.work.countReads(rows, ofRows: tile.sumRowBytes)
      done.work.countWrites(rows, ofRows: tile.sumRowBytes)
    case .exactLockFree:
      let pieces = min(rows, 2)
      done.work.moves += pieces * tile.width
      done.work.countWrites(rows - pieces, ofRows: tile.sumRowBytes)
    }
    return done
  }

  private func gather(_ shares: [Share]) -> [PIMTaskletWork] {
    var done = shares.map { _ in PIMTaskletWork() }
    let rows = shares.filter { !$0.edges.isEmpty }.flatMap { share in
      share.rows.count == 1 ? [share.rows.lowerBound] : [share.rows.lowerBound, share.rows.upperBound - 1]
    }
    guard !rows.isEmpty else { return done }
    let different = 1 + zip(rows, rows.dropFirst()).count { $0 != $1 }
    done[0].work.iterations = rows.count
    done[0].work.moves = different * tile.width
    done[0].work.additions = (rows.count - different) * tile.width
    done[0].work.countWrites(different, ofRows: tile.sumRowBytes)
    return done
  }
}
