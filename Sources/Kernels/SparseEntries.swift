public import Tensors

/// The entries of a batch's sparse input rows, one after the other, ready to be multiplied: values after row normalisation and
/// input dropout.
///
/// `X·W` is `Aggregation` over `rows` with the rows of `W` as sources; `Xᵀ·G` is `Aggregation` over the transposed entries with the
/// rows of `G` as sources, each row of the result added up by one thread. Filled again every step; keeps its memory.
public final class SparseEntries: Sendable {
  /// Row offsets, shape (rows + 1).
  public let indptr = GrowingBuffer<UInt32>()
  /// Column of each entry.
  public let columns = GrowingBuffer<UInt32>()
  /// Value of each entry.
  public let values = GrowingBuffer<Float>()

  public init() {}

  /// The rows as edges from columns.
  public var rows: Neighborhood {
    Neighborhood(
      destinationCount: max(0, indptr.count - 1), indptr: indptr.pointer, sources: columns.pointer, weights: values.pointer)
  }

  /// Rows below `count`.
  public func rows(below count: Int) -> Neighborhood {
    precondition(count < indptr.count, "\(count) rows of \(indptr.count - 1)")
    return Neighborhood(destinationCount: count, indptr: indptr.pointer, sources: columns.pointer, weights: values.pointer)
  }

  /// Entries of the rows below `count`.
  public func entryCount(below count: Int) -> Int { Int(indptr[count]) }

  /// Copies the entries of rows `range` of `input`. O(entries).
  ///
  /// - Parameters:
  ///   - normalise: Whether each row is divided by its sum.
  ///   - dropout: Dropout of the input, keyed by `ids` (global id of each row of `input`); dropped entries stay, with value 0.
  /// - Precondition: Less than 2³² entries.
  public func fill(
    _ input: InputRows, _ range: Range<Int>, normalise: Bool, dropout: Dropout? = nil, ids: UnsafePointer<Int64>? = nil,
    threads: Threads
  ) {
    guard case .sparse(let segments) = input.segments else { preconditionFailure("dense rows have no entries") }
    indptr.resize(to: range.count + 1)
    var total = 0
    for (index, row) in range.enumerated() {
      indptr.pointer[index] = UInt32(total)
      total += entries(of: input.references[row], segments).count
    }
    precondition(total <= Int(UInt32.max), "\(total) entries in one batch")
    indptr.pointer[range.count] = UInt32(total)
    columns.resize(to: total)
    values.resize(to: total)
    nonisolated(unsafe) let ids = ids
    threads.forEachChunk(of: range.count, by: Tiles.height) { chunk in
      for index in chunk {
        let row = range.lowerBound + index
        let reference = input.references[row]
        let source = entries(of: reference, segments)
        let segment = segments[reference.segment]
        let place = Int(self.indptr.pointer[index])
        let output = self.values.pointer + place
        (self.columns.pointer + place).update(from: segment.indices.pointer + source.lowerBound, count: source.count)
        let stored = segment.values.pointer + source.lowerBound
        let scale = normalise ? RowNormalisation.scale(of: stored, count: source.count) : 1
        Elements.scale(stored, by: scale * (dropout?.scale ?? 1), into: output, count: source.count)
        if let dropout, let ids {
          drop(dropout, id: ids[row], columns: self.columns.pointer + place, values: output, count: source.count)
        }
      }
    }
  }
}

extension SparseEntries {
  /// Copies the entries of `other` that lie in its first columns. O(entries).
  public func fill(_ other: SparseEntries, columnsBelow limit: Int) {
    indptr.resize(to: other.indptr.count)
    columns.resize(to: other.columns.count)
    values.resize(to: other.values.count)
    var total = 0
    for row in 0..<max(0, other.indptr.count - 1) {
      indptr.pointer[row] = UInt32(total)
      for entry in Int(other.indptr[row])..<Int(other.indptr[row + 1]) {
        guard other.columns[entry] < limit else { break }
        columns.pointer[total] = other.columns[entry]
        values.pointer[total] = other.values[entry]
        total += 1
      }
    }
    if !other.indptr.readOnly.isEmpty { indptr.pointer[other.indptr.count - 1] = UInt32(total) }
    columns.resize(to: total)
    values.resize(to: total)
  }
}

private func entries(of reference: RowReference, _ segments: [SparseSegment]) -> Range<Int> {
  let indptr = segments[reference.segment].indptr.pointer
  return Int(indptr[reference.row])..<Int(indptr[reference.row + 1])
}

/// Zeroes the dropped entries of a row; neighbouring columns share a random block.
private func drop(_ dropout: Dropout, id: Int64, columns: UnsafePointer<UInt32>, values: UnsafeMutablePointer<Float>, count: Int) {
  var block = SIMD4<UInt32>()
  var blockNumber = UInt32.max
  for entry in 0..<count {
    let column = columns[entry]
    if column >> 3 != blockNumber {
      blockNumber = column >> 3
      block = dropout.key.bits(id: UInt64(bitPattern: id), step: dropout.step, block: blockNumber)
    }
    if !dropout.keeps(column: Int(column), in: block) { values[entry] = 0 }
  }
}
