/// Sorts the short rows of an adjacency in place: insertion up to sixteen keys, then merging in a scratch row.
///
/// O(n log n) for any input, no allocation once the scratch has grown. One thread uses a sorter at a time.
struct RowSort<Key: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>: ~Copyable {
  private var scratch: UnsafeMutablePointer<Key>
  private var capacity: Int

  init() {
    capacity = 256
    scratch = .allocate(capacity: capacity)
  }

  deinit { scratch.deallocate() }

  /// Sorts `keys[0..<count]` increasingly.
  mutating func sort(_ keys: UnsafeMutablePointer<Key>, count: Int) {
    let run = 16
    var start = 0
    while start < count {
      insertionSort(keys + start, count: min(run, count &- start))
      start &+= run
    }
    guard count > run else { return }
    if count > capacity {
      scratch.deallocate()
      capacity = count
      scratch = .allocate(capacity: capacity)
    }
    var width = run
    var source = keys
    var target = scratch
    while width < count {
      mergePass(from: source, to: target, count: count, width: width)
      swap(&source, &target)
      width &*= 2
    }
    if source != keys { keys.update(from: source, count: count) }
  }

  private func insertionSort(_ keys: UnsafeMutablePointer<Key>, count: Int) {
    var index = 1
    while index < count {
      let key = keys[index]
      var hole = index
      while hole > 0, keys[hole &- 1] > key {
        keys[hole] = keys[hole &- 1]
        hole &-= 1
      }
      keys[hole] = key
      index &+= 1
    }
  }

  /// Merges neighbouring sorted runs of `width` keys.
  private func mergePass(from source: UnsafeMutablePointer<Key>, to target: UnsafeMutablePointer<Key>, count: Int, width: Int) {
    var start = 0
    while start < count {
      let middle = min(start &+ width, count)
      let end = min(middle &+ width, count)
      var left = start
      var right = middle
      var out = start
      while left < middle, right < end {
        let takesRight = source[right] < source[left]
        target[out] = takesRight ? source[right] : source[left]
        if takesRight { right &+= 1 } else { left &+= 1 }
        out &+= 1
      }
      (target + out).update(from: source + left, count: middle &- left)
      (target + (out &+ middle &- left)).update(from: source + right, count: end &- right)
      start = end
    }
  }
}
