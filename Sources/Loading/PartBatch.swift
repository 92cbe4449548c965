public import Graphs
public import Kernels
public import Sampling
public import Tensors

/// What one part computes in one step: its seeds, their sampled blocks, the rows of the input hop.
///
/// Filled again every step; valid until the next step is loaded.
public final class PartBatch {
  public let part: Int
  /// The seeds in batch order.
  public let seeds = GrowingBuffer<PartLocalID>()
  /// Global ids of the seeds.
  public let seedIDs = GrowingBuffer<GlobalID>()
  /// One block per sampled layer, input hop first.
  public let blocks: [Block]
  /// The fixed row of each of `inputIDs`; `nil` where there are none.
  public internal(set) var rows: InputRows?
  /// Rows of the sampled edges by block and wanted table of edges: row `i` is that of edge `i` of the table's relation in the block, its source
  /// `relations[relation].sources[i]`. Empty where no table is wanted.
  public internal(set) var edgeRows: [[InputRows]] = []

  init(part: Int, layerCount: Int, relationCount: Int) {
    self.part = part
    blocks = (0..<layerCount).map { _ in Block(relationCount: relationCount) }
  }

  /// Global ids of the nodes whose rows the batch begins with: the sources of its first block, its seeds where nothing is sampled.
  public var inputIDs: UnsafeBufferPointer<GlobalID> { blocks.first?.sourceIDs.readOnly ?? seedIDs.readOnly }

  /// Sampled edges of all layers.
  public var edgeCount: Int { blocks.reduce(0) { $0 + $1.edgeCount } }

  /// Bytes that the batch holds on to, without its rows.
  var capacityBytes: Int { blocks.reduce(4 * seeds.capacity + 8 * seedIDs.capacity) { $0 + $1.capacityBytes } }
}
