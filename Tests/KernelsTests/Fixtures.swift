import Kernels
import Tensors

/// Widths that leave every kind of rest after vectors of 4, 8 and 16 and strips of 48, 96 and 256.
let awkwardWidths = [1, 3, 4, 7, 8, 15, 16, 17, 47, 48, 100, 128, 257, 602]

/// Reproducible numbers for tests.
struct Draws {
  private let key: RandomKey
  private var count: UInt64 = 0

  init(_ seed: UInt64) { key = RandomKey(seed: seed, purpose: .generator) }

  mutating func word() -> UInt32 {
    count += 1
    return key.bits(id: count, step: 0)[0]
  }

  /// In -1 ..< 1.
  mutating func float() -> Float { 2 * unitFloat(word()) - 1 }
  mutating func index(below bound: Int) -> Int { Int(boundedIndex(word(), below: UInt32(bound))) }
  mutating func floats(_ count: Int) -> [Float] { (0..<count).map { _ in float() } }

  mutating func matrix(_ rows: Int, _ columns: Int, padding: Int = 0) -> MatrixView {
    let matrix = MatrixView(zeros: rows, columns, stride: columns + padding)
    for row in 0..<rows { for column in 0..<columns { matrix[row, column] = float() } }
    return matrix
  }
}

/// Lets an object live for ever: the views that kernels take do not own what they point to.
func keep<Owner: AnyObject>(_ owner: Owner) -> Owner {
  _ = Unmanaged.passRetained(owner)
  return owner
}

extension MatrixView {
  init(zeros rows: Int, _ columns: Int, stride: Int? = nil) {
    self = keep(Matrix(rows: rows, columns: columns, stride: stride)).view
  }

  init(_ rows: [[Float]]) {
    self.init(zeros: rows.count, rows.first?.count ?? 0)
    for (index, row) in rows.enumerated() { for (column, value) in row.enumerated() { self[index, column] = value } }
  }

  var lists: [[Float]] { (0..<rows).map { row in (0..<columns).map { self[row, $0] } } }
  var doubles: [[Double]] { lists.map { $0.map(Double.init) } }
}

/// The arrays of a neighbourhood.
struct Edges {
  let lists: [[UInt32]]
  let indptr: Buffer<UInt32>
  let sources: Buffer<UInt32>
  let weights: Buffer<Float>?
  let scales: Buffer<Float>?

  init(_ lists: [[UInt32]], weights: [Float]? = nil, scales: [Float]? = nil) {
    self.lists = lists
    indptr = keep(Buffer(copying: lists.reduce(into: [0]) { $0.append($0.last! + UInt32($1.count)) }))
    sources = keep(Buffer(copying: lists.flatMap { $0 }))
    self.weights = weights.map { keep(Buffer(copying: $0)) }
    self.scales = scales.map { keep(Buffer(copying: $0)) }
  }

  /// Random lists, some of them empty; sources may repeat.
  init(_ draws: inout Draws, destinations: Int, sources: Int, longest: Int, weighted: Bool = false, scaled: Bool = false) {
    let lists = (0..<destinations).map { _ in
      (0..<(sources == 0 ? 0 : draws.index(below: longest + 1))).map { _ in UInt32(draws.index(below: sources)) }
    }
    self.init(
      lists, weights: weighted ? draws.floats(lists.reduce(0) { $0 + $1.count }) : nil, scales: scaled ? draws.floats(sources) : nil)
  }

  var count: Int { sources.count }

  var neighborhood: Neighborhood {
    Neighborhood(
      destinationCount: lists.count, indptr: indptr.pointer, sources: sources.pointer,
      weights: weights.map { UnsafePointer($0.pointer) }, scales: scales.map { UnsafePointer($0.pointer) })
  }
}

/// Input rows scattered over several segments of different strides, behind references.
struct ScatteredRows {
  let rows: InputRows

  init(_ matrix: MatrixView, segments segmentCount: Int = 3) {
    let counts = (0..<segmentCount).map { segment in (matrix.rows + segmentCount - 1 - segment) / segmentCount }
    let owners = counts.enumerated().map { Matrix(rows: $1, columns: matrix.columns, stride: matrix.columns + $0 * 5) }
    let references = keep(Buffer<RowReference>(count: matrix.rows))
    for row in 0..<matrix.rows {
      let (segment, place) = (row % segmentCount, counts[row % segmentCount] - 1 - row / segmentCount)
      owners[segment].view.row(place).update(from: matrix.row(row), count: matrix.columns)
      references[row] = RowReference(segment: segment, row: place)
    }
    rows = InputRows(
      segments: .dense(owners.map { RowSegment($0.view, owner: $0) }), references: UnsafeBufferPointer(references.elements),
      columns: matrix.columns)
  }
}

/// Bound on the rounding of a float32 sum of `terms` products, each rounded, whose absolute values add up to `magnitude`: every
/// operation errs by at most 2⁻²⁴ of a partial result (Higham, "Accuracy and Stability of Numerical Algorithms", §3.1), and
/// the factor 2 covers the terms of second order and the final scaling.
func tolerance(terms: Int, magnitude: Double) -> Double { 2 * Double(terms + 4) * 0x1p-24 * magnitude + 1e-37 }
