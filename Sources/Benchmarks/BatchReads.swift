import Graphs
import Kernels
import Loading
import Sampling
import Tensors

/// Measures how fast memory gives the rows that a batch reads: the real rows on their real pages, in the kernels' order.
///
/// The loop touches every cache line of a row and does nothing else; the best of asking for rows early or not counts. Before input rows
/// are read other memory passes through the caches: a step finds there what the step before left, not its own rows of a moment ago
/// (without that, 75 MB of skewed rows came at 55 GB/s from a machine that streams 33). Hidden rows were just written and stay.
struct BatchReads {
  let batches: [PartBatch]
  /// Layer of the batches' first blocks.
  let firstLayer: Int
  let threads: Threads
  let trials: Int

  /// Bytes per second of the rows of `reads`; `nil` where the batches have none.
  func rate(_ reads: EpochWork.Reads) -> Rate? {
    switch reads.rows {
    case .inputByEdge: inputRate(reads) { block, emit in emitEdges(block, emit) }
    case .inputOnce where reads.layer == 0: inputRate(reads) { block, emit in for row in 0..<block.sourceCount { emit(row) } }
    case .inputOnce: matrixRate(reads) { block in (block.sourceCount, [Buffer(copying: (0..<block.sourceCount).map { UInt32($0) })]) }
    case .sourcesByEdge:
      matrixRate(reads) { block in
        (block.sourceCount, block.relations.map { Buffer(copying: $0.sources.elements) })
      }
    case .gradientsByEdge:
      matrixRate(reads) { block in
        let sequences = block.relations.map { edges in
          let transposed = TransposedEdges()
          transposed.fill(
            Neighborhood(destinationCount: block.destinationCount, indptr: edges.indptr.pointer, sources: edges.sources.pointer),
            edgeCount: edges.edgeCount, sourceCount: block.sourceCount, threads: threads)
          return Buffer<UInt32>(copying: transposed.destinations.elements)
        }
        return (block.destinationCount, sequences)
      }
    }
  }

  /// Calls `emit` with the block row of every edge's source, and of every destination before its tile's edges.
  private func emitEdges(_ block: Block, _ emit: (Int) -> Void) {
    for low in stride(from: 0, to: block.destinationCount, by: Tiles.height) {
      let high = min(block.destinationCount, low + Tiles.height)
      for row in low..<high { emit(row) }
      for edges in block.relations {
        for edge in Int(edges.indptr[low])..<Int(edges.indptr[high]) { emit(Int(edges.sources[edge])) }
      }
    }
  }

  /// Input rows at their addresses.
  private func inputRate(_ reads: EpochWork.Reads, _ walk: (Block, (Int) -> Void) -> Void) -> Rate? {
    let addresses = GrowingBuffer<UnsafeRawPointer>()
    for batch in batches {
      guard let rows = batch.rows, case .dense(let segments) = rows.segments, let block = batch.blocks.first else { continue }
      walk(block) { row in
        let reference = rows.references[row]
        let segment = segments[reference.segment]
        addresses.append(segment.base + reference.row * segment.strideBytes)
      }
    }
    guard addresses.count > 0 else { return nil }
    let other = MemoryLimits.filled(MemoryLimits.pastCaches, threads)
    func flushCaches() { MemoryLimits.touch(other, threads: threads) }
    return best(Double(reads.rowBytes * addresses.count), before: flushCaches) { ahead in
      MemoryLimits.touch(addresses.readOnly, rowBytes: reads.rowBytes, ahead: ahead, threads: threads)
    }
  }

  /// Rows of one matrix for each batch, in huge pages as workspaces are.
  private func matrixRate(_ reads: EpochWork.Reads, _ sequences: (Block) -> (rows: Int, sequences: [Buffer<UInt32>])) -> Rate? {
    let walks = batches.map { sequences($0.blocks[reads.layer - firstLayer]) }
    let count = walks.reduce(0) { $0 + $1.sequences.reduce(0) { $0 + $1.count } }
    guard count > 0 else { return nil }
    let matrix = Buffer<UInt8>(count: reads.rowBytes * (walks.map(\.rows).max() ?? 0))
    matrix.pointer.update(repeating: 1, count: matrix.count)
    return best(Double(reads.rowBytes * count)) { ahead in
      for sequence in walks.flatMap(\.sequences) {
        MemoryLimits.touch(
          UnsafeRawPointer(matrix.pointer), strideBytes: reads.rowBytes, rowBytes: reads.rowBytes,
          sequence: UnsafeBufferPointer(sequence.elements), ahead: ahead, threads: threads)
      }
    }
  }

  private func best(_ bytes: Double, before: () -> Void = {}, _ touch: @escaping (_ ahead: Int) -> Void) -> Rate {
    let rates = Interleaved.measure(trials: trials, before: before, MemoryLimits.waysToTouch.map { ahead in (bytes, { touch(ahead) }) })
    return rates.max { $0.median < $1.median }.unsafelyUnwrapped  // There are three ways.
  }
}
