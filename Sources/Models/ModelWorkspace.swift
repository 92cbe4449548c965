import Kernels
import Tensors

/// Memory of a model's forward and backward pass, used again every step: after warm-up nothing allocates.
///
/// Belongs to one caller at a time; backward reads what the forward before it left here.
public final class ModelWorkspace: @unchecked Sendable {
  // Sendable: handed from one step's caller to the next; the layers' threads write disjoint rows.
  let layers: [LayerWorkspace]
  let segments = SegmentTable()
  /// Factors of the input rows under row normalisation.
  let rowScales = GrowingBuffer<Float>()
  /// Materialised input rows, under input dropout.
  let inputRows = GrowingBuffer<Float>()
  let inputMask = GrowingBuffer<UInt8>()
  let entries = SparseEntries()
  /// What the first layer read in the last forward pass.
  var input: LayerInput?
  /// Factor of the input's kept elements in the last forward pass; `nil` without input dropout.
  var inputMaskScale: Float?

  /// - Parameter model: Every pass that uses the workspace is this model's, or one of equal shape.
  public init(_ model: Model) {
    layers = (0..<model.shape.layers).map { _ in LayerWorkspace(relations: model.shape.relations.count) }
  }
}

/// What one layer keeps between forward and backward, and its scratch.
final class LayerWorkspace: @unchecked Sendable {
  // Sendable: see `ModelWorkspace`.
  /// Aggregate first: the joined matrix, (D, (1 + R)·I).
  let joined = GrowingBuffer<Float>()
  /// Transform first: the transformed rows, (S, R·O); in backward their gradient where that is materialised.
  let transformed = GrowingBuffer<Float>()
  /// (D, O).
  let output = GrowingBuffer<Float>()
  /// Bits of the output elements whose gradient passes.
  let mask = GrowingBuffer<UInt8>()
  /// Factor of kept elements in the last forward pass.
  var maskScale: Float = 1

  /// Aggregate first: gradient of the joined matrix; transform first: gradient of the input rows, (S, I).
  let inputGradient = GrowingBuffer<Float>()
  /// Transform first: gradient before the activation, (D, O).
  let activationGradient = GrowingBuffer<Float>()
  /// Edges of each relation by source.
  let transposed: [TransposedEdges]
  /// 1 / (edges of each destination), by relation.
  let inverseDegrees: [GrowingBuffer<Float>]
  /// Sparse input: entries of all rows, and of the destinations' rows, by column.
  let transposedEntries = TransposedEdges()
  let transposedOwnEntries = TransposedEdges()
  let sums = LaneSums()
  /// Scratch tiles of every lane.
  let tiles = GrowingBuffer<Float>()

  init(relations: Int) {
    transposed = (0..<relations).map { _ in TransposedEdges() }
    inverseDegrees = (0..<relations).map { _ in GrowingBuffer() }
  }
}

extension GrowingBuffer<Float> {
  /// The buffer as a matrix without gaps; its content is whatever it was.
  func matrix(rows: Int, columns: Int) -> MatrixView {
    resize(to: rows * columns)
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
    resize(to: rows * BitMask.strideBytes(columns: columns))
    return BitMask(base: pointer, rows: rows, columns: columns)
  }
}
