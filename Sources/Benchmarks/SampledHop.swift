import Kernels
import Loading
import Sampling
import Tensors

/// The edges of one relation in one sampled block, copied, and what they read.
final class SampledHop: @unchecked Sendable {
  // Sendable: written once, then only read.
  let destinationCount: Int
  let edgeCount: Int
  let sourceCount: Int
  private let indptr: Buffer<UInt32>
  private let sources: Buffer<UInt32>
  /// Input rows of the sources; `nil` where the block reads hidden rows.
  let input: InputRows?
  /// Row of the table that each edge reads, in the order of the edges; of the sources, where there is no table.
  let sequence: Buffer<UInt32>
  private let references: Buffer<RowReference>?

  /// - Parameters:
  ///   - rows: The rows of the block's sources, and the table they lie in; `nil` where it reads hidden rows.
  init(_ block: Block, relation: Int, rows: (input: InputRows, table: BenchTable)?) {
    let edges = block.relations[relation]
    destinationCount = block.destinationCount
    sourceCount = block.sourceCount
    edgeCount = edges.edgeCount
    indptr = Buffer(copying: edges.indptr.elements)
    let sources = Buffer<UInt32>(copying: edges.sources.elements)
    self.sources = sources
    guard let rows else {
      (input, references, sequence) = (nil, nil, sources)
      return
    }
    let references = Buffer<RowReference>(copying: rows.input.references)
    self.references = references
    input = InputRows(
      segments: rows.input.segments, references: UnsafeBufferPointer(references.elements), columns: rows.input.columns)
    let numbers = rows.table.numbers(of: rows.input)
    sequence = Buffer(copying: sources.elements.lazy.map { numbers[Int($0)] })
  }

  /// Row of the block that each edge reads, in the order of the edges; valid while the hop lives.
  var blockRows: UnsafeBufferPointer<UInt32> { UnsafeBufferPointer(sources.elements) }

  var neighborhood: Neighborhood {
    Neighborhood(destinationCount: destinationCount, indptr: indptr.pointer, sources: sources.pointer)
  }

  /// Those relations of layer `layer` of every part's block that have edges.
  static func hops(_ batches: [PartBatch], layer: Int, table: BenchTable?) -> [SampledHop] {
    batches.flatMap { batch in
      let block = batch.blocks[layer]
      let rows = layer == 0 ? table.flatMap { table in batch.rows.map { ($0, table) } } : nil
      return block.relations.indices.filter { block.relations[$0].edgeCount > 0 }.map { SampledHop(block, relation: $0, rows: rows) }
    }
  }
}
