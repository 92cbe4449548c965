/// Whether `count` float32 numbers are all finite, wherever they begin: 0 times one that is not is NaN, which stays in the sum. O(`count`).
func areFinite(_ values: UnsafeRawPointer, count: Int) -> Bool {
  var lanes = SIMD16<Float>(repeating: 0)
  var index = 0
  while index &+ 16 <= count {
    lanes += values.loadUnaligned(fromByteOffset: index &* 4, as: SIMD16<Float>.self) * 0
    index &+= 16
  }
  var sum = lanes.sum()
  while index < count {
    sum += values.loadUnaligned(fromByteOffset: index &* 4, as: Float.self) * 0
    index &+= 1
  }
  return sum == 0
}
