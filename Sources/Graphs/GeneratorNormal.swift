import Tensors

extension Generators {
  /// Two numbers that are almost normally distributed with mean 0 and variance 1: sums of four uniform 16-bit numbers
  /// (Irwin and Hall), which stay within ±3.5 and, made of integers, have the same bits on every machine.
  @inline(__always)
  static func normals(_ bits: SIMD4<UInt32>) -> (Float, Float) {
    let low = bits & 0xFFFF
    let high = bits &>> 16
    let sum = low &+ high
    // Four numbers below 2¹⁶ have mean 2 · 65,535 and variance 4 · (2³² − 1) / 12.
    return (Float(Int32(sum[0] &+ sum[1]) - 131_070) * 2.642_914e-05, Float(Int32(sum[2] &+ sum[3]) - 131_070) * 2.642_914e-05)
  }

  /// Rows of normal numbers, shape (`rows`, `width`), element (r, j) a function of the key, `r` and `j`.
  static func normalRows(_ rows: Int, width: Int, key: RandomKey, threads: Threads) -> Buffer<Float> {
    let result = Buffer<Float>(count: rows * width)
    threads.forEachChunk(of: rows, by: 256) { range in
      for row in range { addNormals(key, row: row, scale: 1, to: result.pointer + row * width, width: width) }
    }
    return result
  }

  /// Adds `scale` times the normal numbers of `row` to `target[0..<width]`.
  static func addNormals(_ key: RandomKey, row: Int, scale: Float, to target: UnsafeMutablePointer<Float>, width: Int) {
    var column = 0
    while column < width {
      let pair = normals(key.bits(id: UInt64(row), step: 0, block: UInt32(truncatingIfNeeded: column &>> 1)))
      target[column] += scale * pair.0
      if column &+ 1 < width { target[column &+ 1] += scale * pair.1 }
      column &+= 2
    }
  }
}
