internal import CKernels
import Tensors

/// Factors that make every row sum to one, as the published protocol of the Planetoid graphs prepares bags of words.
///
/// `scale[i] = 1 / Σ_c x[i, c]`, and 0 where the sum is 0: a row of zeros stays zero. Kipf, Welling, ICLR 2017,
/// arXiv:1609.02907, §5.1. O(entries).
public enum RowNormalisation {
  /// Factors of dense rows `range`, written to `scales[range]`.
  public static func scales(
    of rows: RowSource, _ range: Range<Int>, into scales: UnsafeMutablePointer<Float>, instructions: InstructionSet = .detected
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows.count, "rows outside their source")
    var source = rows.native
    halo_sum_rows(instructions.native, &source, range.lowerBound, range.count, rows.columns, scales + range.lowerBound)
    for row in range { scales[row] = reciprocal(scales[row]) }
  }

  /// Factor of a sparse row with these entries.
  static func scale(of values: UnsafePointer<Float>, count: Int) -> Float { reciprocal(Elements.sum(values, count: count)) }

  private static func reciprocal(_ sum: Float) -> Float { sum == 0 ? 0 : 1 / sum }
}
