public import Tensors

extension ParameterLayout {
  /// Weights before the first step, a pure function of the seed and each element's place.
  ///
  /// Element `e` of parameter `p` is (2u − 1) · bound, with `u` the 24-bit float of word `e mod 4` of the block (e / 4, 0, 0) under the
  /// key (seed, initial value, p).
  public func initialValues(seed: UInt64) -> Buffer<Float> {
    let values = Buffer<Float>(count: count)
    for (index, parameter) in parameters.enumerated() where parameter.initialBound > 0 {
      let key = RandomKey(seed: seed, purpose: .initialValue, layer: index)
      for element in 0..<parameter.range.count {
        let word = key.bits(id: UInt64(element / 4), step: 0)[element % 4]
        values.pointer[parameter.range.lowerBound + element] = (2 * unitFloat(word) - 1) * parameter.initialBound
      }
    }
    return values
  }
}
