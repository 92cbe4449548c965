/// Element-wise loops over float32 arrays.
enum Elements {
  /// `sum[i] += values[i]`.
  static func add(_ values: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
    let input = UnsafeRawPointer(values)
    let output = UnsafeMutableRawPointer(sum)
    var index = 0
    while index &+ 8 <= count {
      let total = output.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self)
      let value = input.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self)
      output.storeBytes(of: total + value, toByteOffset: index &* 4, as: SIMD8<Float>.self)
      index &+= 8
    }
    while index < count {
      sum[index] += values[index]
      index &+= 1
    }
  }

  /// `output[i] = values[i] * factor`.
  static func scale(_ values: UnsafePointer<Float>, by factor: Float, into output: UnsafeMutablePointer<Float>, count: Int) {
    let input = UnsafeRawPointer(values)
    let target = UnsafeMutableRawPointer(output)
    var index = 0
    while index &+ 8 <= count {
      let value = input.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self)
      target.storeBytes(of: value * factor, toByteOffset: index &* 4, as: SIMD8<Float>.self)
      index &+= 8
    }
    while index < count {
      output[index] = values[index] * factor
      index &+= 1
    }
  }

  /// The sum of `values` in eight interleaved partial sums, added pairwise at the end.
  static func sum(_ values: UnsafePointer<Float>, count: Int) -> Float {
    let input = UnsafeRawPointer(values)
    var lanes = SIMD8<Float>(repeating: 0)
    var index = 0
    while index &+ 8 <= count {
      lanes += input.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self)
      index &+= 8
    }
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    var total = two.x + two.y
    while index < count {
      total += values[index]
      index &+= 1
    }
    return total
  }
}
