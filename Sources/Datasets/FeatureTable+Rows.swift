import Graphs
import Tensors

extension FeatureTable {
  /// Stands for a row of zeros.
  static let noRow = UInt32.max

  /// The rows of these numbers, one after the other; those of `noRow` are zeros.
  func rows(_ numbers: Buffer<UInt32>, threads: Threads) -> FeatureTable {
    switch self {
    case .dense(let table): .dense(table.rows(numbers, threads: threads))
    case .sparse(let table): .sparse(table.rows(numbers, threads: threads))
    }
  }
}

extension DenseRows {
  fileprivate func rows(_ numbers: Buffer<UInt32>, threads: Threads) -> DenseRows {
    let stride = strideBytes
    let (bytes, scales) = (bytes, scales)
    let taken = Buffer<UInt8>(count: numbers.count * stride)
    let takenScales = scales.map { _ in Buffer<Float>(count: numbers.count) }
    threads.forEachChunk(of: numbers.count, by: 4096) { range in
      for row in range where numbers.pointer[row] != FeatureTable.noRow {
        let number = Int(numbers.pointer[row])
        (taken.pointer + row * stride).update(from: bytes.pointer + number * stride, count: stride)
        if let takenScales, let scales { takenScales.pointer[row] = scales.pointer[number] }
      }
    }
    return DenseRows(
      rows: numbers.count, columns: columns, strideBytes: stride, elementType: elementType, bytes: taken.view, scales: takenScales?.view)
  }
}

extension SparseRows {
  fileprivate func rows(_ numbers: Buffer<UInt32>, threads: Threads) -> SparseRows {
    let (starts, indices, values) = (indptr, indices, values)
    @Sendable func entries(_ row: Int) -> Range<Int> {
      guard numbers.pointer[row] != FeatureTable.noRow else { return 0..<0 }
      let number = Int(numbers.pointer[row])
      return Int(starts.pointer[number])..<Int(starts.pointer[number + 1])
    }
    let offsets = Buffer<Int64>(count: numbers.count + 1)
    for row in 0..<numbers.count { offsets.pointer[row + 1] = offsets.pointer[row] + Int64(entries(row).count) }
    let total = Int(offsets.pointer[numbers.count])
    let (takenIndices, takenValues) = (Buffer<UInt32>(count: total), Buffer<Float>(count: total))
    threads.forEachChunk(of: numbers.count, by: 4096) { range in
      for row in range {
        let (source, target) = (entries(row), Int(offsets.pointer[row]))
        (takenIndices.pointer + target).update(from: indices.pointer + source.lowerBound, count: source.count)
        (takenValues.pointer + target).update(from: values.pointer + source.lowerBound, count: source.count)
      }
    }
    return SparseRows(
      rows: numbers.count, columns: columns, indptr: offsets.view, indices: takenIndices.view, values: takenValues.view)
  }
}
