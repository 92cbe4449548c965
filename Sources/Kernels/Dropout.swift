internal import CKernels
public import Tensors

/// Keyed dropout: whether an element is kept is a function of (seed, layer, step, global id, column) and of nothing else, so
/// every block that holds a row drops the same of it.
///
/// Column `c` of a row is dropped when its 16-bit number is below `threshold`: bits `16·(c mod 2)…` of word `(c mod 8) / 2` of the
/// Philox block (id, step, c / 8). Kept values are multiplied by `scale`. Srivastava et al., JMLR 15 (2014).
public struct Dropout: Sendable, Equatable {
  public let key: RandomKey
  /// Step or epoch of the counter.
  public let step: UInt32
  /// Of the 65,536 values of a draw, those that drop.
  public let threshold: UInt32

  /// - Parameters:
  ///   - probability: Chance to be dropped, at least 0 and below 1; rounded to a multiple of 2⁻¹⁶.
  ///   - layer: Layer whose input is dropped, from 0.
  public init(probability: Float, seed: UInt64, layer: Int, step: UInt32) {
    self.init(probability: probability, key: RandomKey(seed: seed, purpose: .dropout, layer: layer), step: step)
  }

  /// Dropout of the attention coefficients of a layer and relation; see `AttentionDropout`.
  public init(attentionProbability probability: Float, seed: UInt64, layer: Int, relation: Int, step: UInt32) {
    self.init(
      probability: probability, key: RandomKey(seed: seed, purpose: .attentionDropout, layer: layer, relation: relation), step: step)
  }

  private init(probability: Float, key: RandomKey, step: UInt32) {
    precondition(probability >= 0 && probability < 1, "dropout with probability \(probability)")
    self.key = key
    self.step = step
    threshold = min(65_535, UInt32((probability * 65_536).rounded()))
  }

  /// What kept values are multiplied by: the inverse of the exact chance to be kept.
  public var scale: Float { 65_536 / Float(65_536 - threshold) }

  /// The definition: whether column `column` of the row of `id` is kept.
  public func keeps(id: Int64, column: Int) -> Bool {
    keeps(column: column, in: key.bits(id: UInt64(bitPattern: id), step: step, block: UInt32(column / 8)))
  }

  /// Whether `column` is kept, given the Philox block of its eight columns.
  @inline(__always)
  func keeps(column: Int, in block: SIMD4<UInt32>) -> Bool {
    let word = block[(column & 7) >> 1]
    return (column & 1 == 0 ? word & 0xffff : word >> 16) >= threshold
  }

  /// Keep bits of the rows of `ids`, one row of `mask` each.
  ///
  /// - Parameter ids: Global ids, shape (rows of `mask`).
  public func fill(_ mask: BitMask, ids: UnsafePointer<Int64>, instructions: InstructionSet = .detected) {
    halo_dropout_bits(
      instructions.native, key.value, ids, mask.rows, step, threshold, mask.columns, mask.base, mask.strideBytes)
  }
}

/// One bit per element of a matrix: bit `c mod 8` of byte `c / 8` of a row; bits past the columns are zero.
public struct BitMask: @unchecked Sendable {
  // Sendable: parallel kernels write disjoint rows.
  public let base: UnsafeMutablePointer<UInt8>
  public let rows: Int
  public let columns: Int
  /// Bytes of a row.
  public var strideBytes: Int { Self.strideBytes(columns: columns) }

  /// - Parameter base: `rows * BitMask.strideBytes(columns:)` bytes, valid while the mask is used.
  public init(base: UnsafeMutablePointer<UInt8>, rows: Int, columns: Int) {
    self.base = base
    self.rows = rows
    self.columns = columns
  }

  /// Bytes that a row of `columns` bits takes.
  public static func strideBytes(columns: Int) -> Int { (columns + 7) / 8 }

  /// Rows `range`, in place.
  public func rows(_ range: Range<Int>) -> BitMask {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a mask of \(rows)")
    return BitMask(base: base + range.lowerBound * strideBytes, rows: range.count, columns: columns)
  }

  public subscript(row: Int, column: Int) -> Bool {
    precondition(row >= 0 && row < rows && column >= 0 && column < columns, "bit outside the mask")
    return base[row * strideBytes + column / 8] >> (column % 8) & 1 == 1
  }
}
