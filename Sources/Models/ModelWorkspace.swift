public import Kernels
import Tensors

/// Memory of a model's forward and backward pass, used again every step: after warm-up nothing allocates.
///
/// Belongs to one caller at a time; backward reads what the forward before it left here.
public final class ModelWorkspace: @unchecked Sendable {
  // Sendable: handed from one step's caller to the next; the layers' threads write disjoint rows.
  let layers: [LayerWorkspace]
  let head: JumpWorkspace
  let segments = SegmentTable()
  /// Factors of the input rows under row normalisation.
  let rowScales = GrowingBuffer<Float>()
  /// Materialised input rows, under input dropout.
  let inputRows = GrowingBuffer<Float>()
  let inputMask = GrowingBuffer<UInt8>()
  let entries = SparseEntries()
  /// The own rows among sparse aggregated ones.
  let ownEntries = SparseEntries()
  /// What the last forward pass over aggregated rows began with; `nil` after one over input rows.
  var aggregated: AggregatedInput?
  /// What the first layer read in the last forward pass.
  var input: LayerInput?
  /// Factor of the input's kept elements in the last forward pass; `nil` without input dropout.
  var inputMaskScale: Float?

  /// - Parameters:
  ///   - model: Every pass that uses the workspace is this model's, or one of equal shape.
  ///   - aggregator: Brings the rows of neighbours together, forward and backward, in layers that sum them.
  public init(_ model: Model, aggregator: any Aggregator = CPUAggregator()) {
    layers = (0..<model.shape.layers).map { _ in
      LayerWorkspace(relations: model.shape.relations.count, aggregator: aggregator)
    }
    head = JumpWorkspace(layers: model.shape.layers)
  }
}

/// What one layer keeps between forward and backward, and its scratch.
final class LayerWorkspace: @unchecked Sendable {
  // Sendable: see `ModelWorkspace`.
  /// What the convolution keeps of each destination, (D, kept width).
  let kept = GrowingBuffer<Float>()
  var keptColumns = 0
  /// (S, transformed width).
  let transformed = GrowingBuffer<Float>()
  /// Own products kept apart, and in backward their gradient; the input rows of an `AggregatedLayer`.
  let own = GrowingBuffer<Float>()
  /// (D, O).
  let output = GrowingBuffer<Float>()
  let finish = FinishWorkspace()
  /// Factors of sources that `prepare` computed, alone and times those of stored rows.
  let sourceScales = GrowingBuffer<Float>()
  let factoredScales = GrowingBuffer<Float>()
  /// Source row that gave each largest element, (D, R·I).
  let winners = GrowingBuffer<UInt32>()

  /// Gradient of what was kept or of the input rows, as the convolution needs it.
  let inputGradient = GrowingBuffer<Float>()
  /// (S, transformed width).
  let transformedGradient = GrowingBuffer<Float>()
  /// Gradient of `z`, its rows scaled as the convolution needs them, or of what an inner product gave.
  let scaledGradient = GrowingBuffer<Float>()
  let innerGradient = GrowingBuffer<Float>()
  /// How much a destination's own row counts in the pass.
  var selfWeight: Float = 0
  /// Gradient before the activation, (D, O).
  let activationGradient = GrowingBuffer<Float>()
  /// Edges of each relation by source.
  let transposed: [TransposedEdges]
  /// Factor of each destination in the gradient, by relation.
  let gatherScales: [GrowingBuffer<Float>]
  let attention: AttentionWorkspace
  let edgeFeatures: EdgeFeatureWorkspace
  let products = ProductGradientWorkspace()
  let sums = LaneSums()
  /// Scratch tiles of every lane.
  let tiles = GrowingBuffer<Float>()
  let aggregator: any Aggregator
  /// What is gathered along each relation, of rows in a forward pass and of gradients in a backward pass.
  private(set) var gathered: [Gathered] = []
  private let gatheredRows: [GrowingBuffer<Float>]

  init(relations: Int, aggregator: any Aggregator) {
    self.aggregator = aggregator
    gatheredRows = (0..<relations).map { _ in GrowingBuffer() }
    transposed = (0..<relations).map { _ in TransposedEdges() }
    gatherScales = (0..<relations).map { _ in GrowingBuffer() }
    attention = AttentionWorkspace(relations: relations)
    edgeFeatures = EdgeFeatureWorkspace(relations: relations)
  }

  /// Gathers along every relation; `input` gives a relation's rows and edges.
  func gather(
    _ reduction: Aggregation.Reduction, _ threads: Threads, _ input: (_ relation: Int) -> (rows: RowSource, edges: Neighborhood)
  ) {
    gathered = gatheredRows.enumerated().map { relation, memory in
      let (rows, edges) = input(relation)
      return aggregator.gather(rows, along: edges, reduction, into: memory, threads: threads)
    }
  }

  /// Lets go of the rows that the pass gathered from.
  func endGathering() { gathered = [] }

  /// Sorts every relation's edges by source.
  func transpose(_ edges: LayerEdges, _ threads: Threads) {
    for (relation, transposed) in transposed.enumerated() {
      transposed.fill(
        edges.relations[relation], edgeCount: edges.edgeCount(relation), sourceCount: edges.sourceCount, threads: threads)
    }
  }

  /// Fills `gatherScales` of `relation`, one for each destination.
  func fillGatherScales(_ relation: Int, count: Int, _ scale: (Int) -> Float) {
    let scales = gatherScales[relation]
    scales.resize(to: count)
    for row in 0..<count { scales.pointer[row] = scale(row) }
  }
}

extension GrowingBuffer<Float> {
  /// The buffer as a matrix without gaps; its content is whatever it was.
  func matrix(rows: Int, columns: Int) -> MatrixView {
    reset(to: rows * columns)
    return MatrixView(base: pointer, rows: rows, columns: columns, stride: columns)
  }

  /// A scratch tile of `Tiles.height` rows for each of `count` lanes, as one tall matrix.
  func tiles(_ count: Int, columns: Int) -> MatrixView { matrix(rows: count * Tiles.height, columns: columns) }
}

extension MatrixView {
  /// The scratch tile of `lane` in a matrix made by `GrowingBuffer.tiles`.
  func tile(_ lane: Int) -> MatrixView { rows(lane * Tiles.height..<(lane + 1) * Tiles.height) }
}

extension GrowingBuffer<UInt8> {
  /// The buffer as a bit mask; its content is whatever it was.
  func mask(rows: Int, columns: Int) -> BitMask {
    reset(to: rows * BitMask.strideBytes(columns: columns))
    return BitMask(base: pointer, rows: rows, columns: columns)
  }
}
