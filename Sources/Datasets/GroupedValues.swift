import Tensors

/// 32-bit values grouped by row: row `r` holds `values[bounds[r]..<bounds[r + 1]]`.
///
/// Filled by counting: two passes over the input, no comparison, no dictionary.
struct GroupedValues: Sendable {
  /// Shape (rows + 1).
  let bounds: Buffer<Int>
  let values: Buffer<UInt32>

  /// Groups the pairs that `pair` gives; values of a row keep the order of the input.
  ///
  /// - Parameters:
  ///   - count: Number of inputs.
  ///   - pair: Row and value of an input, the same at both calls; `nil` leaves it out.
  /// - Complexity: O(count + rows) time; 4 bytes per value and 8 per row.
  @inline(__always)
  init(rows: Int, count: Int, _ pair: (Int) -> (row: UInt32, value: UInt32)?) {
    let bounds = Buffer<Int>(count: rows + 1)
    let start = bounds.pointer
    for index in 0..<count { if let (row, _) = pair(index) { start[Int(row) + 1] &+= 1 } }
    for row in 0..<rows { start[row + 1] &+= start[row] }
    let values = Buffer<UInt32>(count: start[rows])
    for index in 0..<count {
      guard let (row, value) = pair(index) else { continue }
      values.pointer[start[Int(row)]] = value
      start[Int(row)] &+= 1
    }
    // Every start has moved to its row's end, which is the next row's start.
    for row in stride(from: rows, to: 0, by: -1) { start[row] = start[row - 1] }
    start[0] = 0
    self.bounds = bounds
    self.values = values
  }

  var rows: Int { bounds.count - 1 }

  /// The values of one row, for reading and for reordering by the one thread that works on the row.
  @inline(__always)
  func row(_ index: Int) -> UnsafeMutableBufferPointer<UInt32> {
    let first = bounds.pointer[index]
    return UnsafeMutableBufferPointer(start: values.pointer + first, count: bounds.pointer[index + 1] - first)
  }

  /// Sorts the values of every row.
  func sortRows(threads: Threads) {
    threads.forEachChunk(of: rows, by: 4096) { range in
      for index in range { sortSmall(row(index)) }
    }
  }
}

/// Sorts in place: by insertion while few, as the rows of most nodes are; else with the standard library.
@inline(__always)
func sortSmall<Element: FixedWidthInteger & BitwiseCopyable>(_ elements: UnsafeMutableBufferPointer<Element>) {
  guard elements.count > 1, let base = elements.baseAddress else { return }
  // Insertion sort won up to some 40 elements on random ids.
  if elements.count > 40 {
    var all = elements
    all.sort()
    return
  }
  for end in 1..<elements.count {
    let element = base[end]
    var position = end
    while position > 0 && base[position &- 1] > element {
      base[position] = base[position &- 1]
      position &-= 1
    }
    base[position] = element
  }
}
