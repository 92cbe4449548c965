/// Adds vectors of float32, each element by one addition: `into[i] += from[i]`.
///
/// - Parameters:
///   - from: `count` elements.
///   - into: `count` elements, disjoint from `from`.
func addFloats(_ from: UnsafeMutablePointer<Float>, into: UnsafeMutablePointer<Float>, count: Int) {
  let source = UnsafeRawPointer(from)
  let target = UnsafeMutableRawPointer(into)
  var index = 0
  while index &+ 8 <= count {
    let offset = index &* 4
    let sum =
      target.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
      + source.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
    target.storeBytes(of: sum, toByteOffset: offset, as: SIMD8<Float>.self)
    index &+= 8
  }
  while index < count {
    into[index] += from[index]
    index &+= 1
  }
}
