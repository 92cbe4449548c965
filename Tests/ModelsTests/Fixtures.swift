import Graphs
import Kernels
import Models
import Sampling
import Tensors

/// Reproducible numbers for tests.
struct Draws {
  private let key: RandomKey
  private var count: UInt64 = 0

  init(_ seed: UInt64) { key = RandomKey(seed: seed, purpose: .generator) }

  mutating func word() -> UInt32 {
    count += 1
    return key.bits(id: count, step: 0)[0]
  }

  mutating func float() -> Float { 2 * unitFloat(word()) - 1 }
  mutating func index(below bound: Int) -> Int { Int(boundedIndex(word(), below: UInt32(bound))) }
}

/// Lets an object live for ever: the views that kernels take do not own what they point to.
func keep<Owner: AnyObject>(_ owner: Owner) -> Owner {
  _ = Unmanaged.passRetained(owner)
  return owner
}

extension MatrixView {
  init(zeros rows: Int, _ columns: Int) { self = keep(Matrix(rows: rows, columns: columns)).view }

  init(_ rows: [[Float]], columns: Int) {
    self.init(zeros: rows.count, columns)
    for (index, row) in rows.enumerated() { for (column, value) in row.enumerated() { self[index, column] = value } }
  }

  var lists: [[Float]] { (0..<rows).map { row in (0..<columns).map { self[row, $0] } } }
}

/// A batch small enough to write down: what the blocks and rows hold, in plain arrays.
struct Batch {
  var shape: ModelShape
  /// Global id of each block's sources, input hop first.
  var ids: [[Int64]]
  /// Destinations of each block.
  var destinations: [Int]
  /// `edges[layer][relation][destination]`: source rows.
  var edges: [[[[UInt32]]]]
  /// `degrees[layer][relation][destination]`: in-edges in the whole graph, at least those that are here.
  var degrees: [[[UInt32]]]
  /// In-edges of each source in the whole graph, all relations together.
  var sourceDegrees: [[UInt32]]
  /// Input rows, not normalised.
  var features: [[Float]]
  var labels: [Int32]

  /// Random nested blocks with isolated destinations, repeated sources and unused rows.
  init(_ shape: ModelShape, seeds: Int, growth: Int, longest: Int = 4, draws: inout Draws) {
    self.shape = shape
    (ids, destinations, edges, degrees, sourceDegrees) = ([], [], [], [], [])
    var rows = seeds
    for _ in 0..<shape.layers {
      let sources = rows == 0 ? 0 : rows + draws.index(below: growth + 1)
      var lists: [[[UInt32]]] = []
      for _ in shape.relations {
        lists.append((0..<rows).map { _ in (0..<draws.index(below: longest + 1)).map { _ in UInt32(draws.index(below: sources)) } })
      }
      let counts = lists.map { $0.map { UInt32($0.count + ($0.isEmpty ? 0 : draws.index(below: 3))) } }
      let totals = (0..<rows).map { row in counts.reduce(0) { $0 + $1[row] } }
      degrees.insert(counts, at: 0)
      sourceDegrees.insert(totals + (rows..<sources).map { _ in UInt32(draws.index(below: 6)) }, at: 0)
      destinations.insert(rows, at: 0)
      edges.insert(lists, at: 0)
      rows = sources
    }
    let all = (0..<rows).map { Int64($0) * 1_000_003 + 17 }
    for layer in 0..<shape.layers { ids.append(Array(all.prefix(layer == 0 ? rows : destinations[layer - 1]))) }
    features = (0..<rows).map { row in
      (0..<shape.inputColumns).map { _ in
        let value = draws.float()
        // Sparse rows have few entries, one row in five has none.
        return shape.sparseInput && (row % 5 == 3 || draws.index(below: 3) > 0) ? 0 : shape.rowNormalise ? abs(value) : value
      }
    }
    labels = (0..<seeds).map { _ in Int32(draws.index(below: shape.classes)) }
  }

  var blocks: [Block] {
    (0..<shape.layers).map { layer in
      Block(
        destinationCount: destinations[layer], sourceIDs: ids[layer].map { GlobalID($0) }, edges: edges[layer], degrees: degrees[layer],
        sourceDegrees: sourceDegrees[layer])
    }
  }

  /// The features as two segments behind references, dense or sparse as the shape says.
  var rows: InputRows {
    let half = features.count / 2
    let references = keep(
      Buffer(copying: features.indices.map { RowReference(segment: $0 < half ? 1 : 0, row: $0 < half ? half - 1 - $0 : $0 - half) }))
    let parts = [Array(features[half...]), Array(features[..<half].reversed())]
    let segments: InputRows.Segments =
      shape.sparseInput
      ? .sparse(parts.map(sparse))
      : .dense(parts.map { RowSegment(MatrixView($0, columns: shape.inputColumns), owner: nil) })
    return InputRows(segments: segments, references: UnsafeBufferPointer(references.elements), columns: shape.inputColumns)
  }

  private func sparse(_ rows: [[Float]]) -> SparseSegment { Self.sparse(rows, columns: shape.inputColumns) }

  static func sparse(_ rows: [[Float]], columns: Int) -> SparseSegment {
    var indptr: [Int64] = [0]
    var indices: [UInt32] = []
    var values: [Float] = []
    for row in rows {
      for (column, value) in row.enumerated() where value != 0 {
        indices.append(UInt32(column))
        values.append(value)
      }
      indptr.append(Int64(indices.count))
    }
    return SparseSegment(indptr: ArrayView(indptr), indices: ArrayView(indices), values: ArrayView(values), columns: columns)
  }
}

extension ModelShape {
  /// The shape with some of its options changed.
  func with(_ change: (inout ModelShape) -> Void) -> ModelShape {
    var shape = self
    change(&shape)
    return shape
  }
}

/// What one forward and backward pass gives.
struct PassResult: Equatable {
  var logits: [[Float]]
  var loss: Double
  var gradient: [Float]
  var inputGradient: [[Float]]
}

extension Batch {
  func run(
    _ model: Model, weights: [Float], dropout: DropoutKey?, workspace: ModelWorkspace? = nil, threads: Int = 1, inputGradient: Bool = false
  ) -> PassResult {
    let threads = Threads(threads)
    let workspace = workspace ?? ModelWorkspace(model)
    let (blocks, rows, edgeRows) = (blocks, rows, edgeRows)
    let logits = model.forward(
      blocks, rows: rows, edgeRows: edgeRows, weights: weights, dropout: dropout, workspace: workspace, threads: threads)
    let lists = logits.lists
    let sums = SoftmaxCrossEntropy.evaluate(logits, labels: labels, gradient: logits, threads: threads)
    var gradient = [Float](repeating: .nan, count: model.parameters.count)
    let rowGradient = inputGradient ? MatrixView(zeros: features.count, shape.inputColumns) : nil
    model.backward(
      blocks, weights: weights, logitsGradient: logits, gradient: &gradient, inputGradient: rowGradient, workspace: workspace,
      threads: threads)
    return PassResult(logits: lists, loss: sums.loss, gradient: gradient, inputGradient: rowGradient?.lists ?? [])
  }
}
