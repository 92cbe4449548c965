import Kernels
import Tensors

/// What a pass is for: a training pass keeps what backward needs and may drop attention, inference does neither.
enum PassMode: Sendable {
  /// `nil`: nothing is dropped.
  case training(DropoutKey?)
  case inference

  var isTraining: Bool {
    if case .training = self { true } else { false }
  }
}

/// What a layer needs of a destination's own input row besides its transformed row.
enum OwnProduct: Sendable, Equatable {
  case none
  /// A product as wide as the output, left where the output goes: `combine` adds to it.
  case inOutput
  /// A product of this width, kept apart.
  case apart(columns: Int)
}

/// The part of a layer that walks edges: from the rows of sources to a row `z` of each destination, before bias, normalisation and
/// activation.
///
/// Letters: `S` sources, `D` destinations, `I` inputs and `O` outputs per row, `R` relations. A forward pass is `prepare`, then
/// `transform` for every tile of sources (by their owners, in exact inference: what neighbours need travels), then `gather`, then
/// `combine` for every tile of destinations. Tiles are computed by any thread in any order, and a tile's bits depend on nothing else.
protocol Convolution: Sendable {
  var inputs: Int { get }
  var outputs: Int { get }
  /// Elements of the flat vector. The last `outputs` of them are the bias, which the layer adds and `backward` differentiates.
  var range: Range<Int> { get }
  /// Columns computed for every source before edges are walked: what neighbours need of it. 0: they need its input row itself.
  var transformedWidth: Int { get }
  var ownProduct: OwnProduct { get }
  /// Columns that `combine` keeps for each destination for `backward`.
  var keptWidth: Int { get }

  /// Computes what all tiles of a pass share, such as factors of sources, and makes room for what they keep.
  ///
  /// - Parameter weights: The flat vector.
  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads)

  /// Gathers along every relation, or gets ready to, what `combine` reads of all sources; nothing where an edge's factor is computed from
  /// its rows.
  ///
  /// - Parameter transformed: By source, shape (S, `transformedWidth`).
  func gather(_ edges: LayerEdges, _ input: LayerInput, transformed: MatrixView?, _ workspace: LayerWorkspace, _ threads: Threads)

  /// The transformed rows of sources `rows`, and the own products of the first of them, where they are wanted.
  ///
  /// - Parameters:
  ///   - weights: The flat vector.
  ///   - transformed: Shape (`rows.count`, `transformedWidth`).
  ///   - own: Products of source rows `rows.lowerBound...`, as many as it has rows.
  ///   - tile: Scratch for a copy of the input rows, `input.tileColumns(inputs)` wide.
  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView)

  /// Rows `z` of destinations `rows`.
  ///
  /// - Parameters:
  ///   - input: What the layer reads; by source.
  ///   - transformed: By source, shape (S, `transformedWidth`).
  ///   - own: The tile's own products, kept apart.
  ///   - kept: Shape (`rows.count`, `keptWidth`); scratch in inference.
  ///   - z: Shape (`rows.count`, O); holds the own products where they are left in the output.
  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode)

  /// Computes the gradient of the parameters, and what `inputGradient` needs. Sums over rows are cut into lanes, every other sum
  /// belongs to one row: their order depends on the block alone.
  ///
  /// - Parameters:
  ///   - upstream: Gradient with respect to `z`.
  ///   - gradient: The flat gradient; the convolution's range is overwritten.
  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads)

  /// Gradient with respect to the input rows, after `backward` that was asked for it.
  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient
}

extension Convolution {
  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads
  ) {}

  func gather(_ edges: LayerEdges, _ input: LayerInput, transformed: MatrixView?, _ workspace: LayerWorkspace, _ threads: Threads) {}

  /// First element of the bias in the flat vector.
  var biasStart: Int { range.upperBound - outputs }
}

extension UnsafePointer<Float> {
  /// The weight whose elements are `range`, with `columns` columns. Nothing writes through the view.
  func weight(_ range: Range<Int>, columns: Int) -> MatrixView {
    UnsafeMutablePointer(mutating: self).weight(range, columns: columns)
  }
}

extension UnsafeMutablePointer<Float> {
  /// The gradient of the weight whose elements are `range`, with `columns` columns.
  func weight(_ range: Range<Int>, columns: Int) -> MatrixView {
    MatrixView(base: self + range.lowerBound, rows: range.count / columns, columns: columns, stride: columns)
  }
}
