public import Tensors

/// The weighted sum of sparse rows, as a sparse row: what a destination gathers of sparse input.
///
/// `out[c] = m · Σ_i f_i · x_i[c]`; every column is added up in float32 in the order of the calls. A sum costs O(entries) and the sorting of
/// its columns. Used for one sum after the other; confined to one thread.
public final class SparseRowSum {
  private let sums: Buffer<Float>
  private let isPresent: Buffer<Bool>
  private var present: [UInt32] = []

  /// - Parameter columns: Width of the rows.
  public init(columns: Int) {
    sums = Buffer(count: columns)
    isPresent = Buffer(count: columns)
    isPresent.pointer.update(repeating: false, count: columns)
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - factor: `f`.
  ///   - normalise: Whether the row is first divided by its sum; see `RowNormalisation`.
  public func add(_ reference: RowReference, in segments: [SparseSegment], times factor: Float, normalise: Bool) {
    let segment = segments[reference.segment]
    let first = Int(segment.indptr[reference.row])
    let count = Int(segment.indptr[reference.row + 1]) - first
    let (columns, values) = (segment.indices.pointer + first, segment.values.pointer + first)
    let factor = normalise ? factor * RowNormalisation.scale(of: values, count: count) : factor
    for entry in 0..<count {
      let column = Int(columns[entry])
      if !isPresent.pointer[column] {
        isPresent.pointer[column] = true
        sums.pointer[column] = 0
        present.append(columns[entry])
      }
      sums.pointer[column] += factor * values[entry]
    }
  }

  /// Appends the sum's entries by increasing column, and begins the next sum.
  ///
  /// - Parameters:
  ///   - multiplier: `m`.
  ///   - shift: Added to every column.
  public func take(times multiplier: Float, shiftedBy shift: Int, columns: GrowingBuffer<UInt32>, values: GrowingBuffer<Float>) {
    present.sort()
    for column in present {
      columns.append(column + UInt32(shift))
      values.append(multiplier * sums.pointer[Int(column)])
      isPresent.pointer[Int(column)] = false
    }
    present.removeAll(keepingCapacity: true)
  }
}
