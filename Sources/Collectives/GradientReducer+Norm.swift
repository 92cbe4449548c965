import Tensors

extension GradientReducer {
  /// Squared Euclidean norm of the gradient summed over all parts; a collective call with one exchange of 8 bytes for each chunk of
  /// 4,096 elements, and the same bits for any number of workers and threads.
  ///
  /// - Parameter gradient: My slice of it, as `reduce()` returned it.
  /// - Throws: `CollectiveError`.
  public func squaredNorm(_ gradient: UnsafePointer<Float>) throws -> Double {
    let own = plan.chunks(of: group.rank)
    let sums = Buffer<Double>(count: plan.chunkCount)
    nonisolated(unsafe) let gradient = gradient
    nonisolated(unsafe) let mine = sums.pointer + own.lowerBound
    threads.forEachChunk(of: slice.count, by: SlicePlan.chunkElements) { range in
      mine[range.lowerBound / SlicePlan.chunkElements] = sumOfSquares(gradient + range.lowerBound, count: range.count)
    }
    let width = MemoryLayout<Double>.stride
    let ranges = (0..<group.size).map { plan.chunks(of: $0).lowerBound * width..<plan.chunks(of: $0).upperBound * width }
    try group.allGather(inPlace: sums.pointer, ranges: ranges)
    count(sumBytesSent: own.count * width * (group.size - 1), received: (plan.chunkCount - own.count) * width)
    return withExtendedLifetime(sums) { sums.elements.reduce(0, +) }
  }
}

/// Sum of the squares of float32 values, in float64 and one order: eight lanes that are added up pairwise, then the rest.
///
/// - Complexity: O(`count`).
func sumOfSquares(_ values: UnsafePointer<Float>, count: Int) -> Double {
  let raw = UnsafeRawPointer(values)
  var lanes = SIMD8<Double>(repeating: 0)
  var index = 0
  while index &+ 8 <= count {
    let wide = SIMD8<Double>(raw.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self))
    lanes += wide * wide
    index &+= 8
  }
  let four = lanes.lowHalf + lanes.highHalf
  let two = four.lowHalf + four.highHalf
  var sum = two[0] + two[1]
  while index < count {
    let value = Double(values[index])
    sum += value * value
    index &+= 1
  }
  return sum
}
