public import Tensors

extension ParameterLayout {
  /// Weights before the first step, a pure function of the seed and each element's place.
  ///
  /// Element `e` of a parameter drawn evenly, number `p` of the layout, is (2u − 1) · bound, with `u` the 24-bit float of word
  /// `e mod 4` of the block (e / 4, 0, 0) under the key (seed, initial value, p).
  public func initialValues(seed: UInt64) -> Buffer<Float> {
    let values = Buffer<Float>(count: count)
    for (index, parameter) in parameters.enumerated() {
      let target = values.pointer + parameter.range.lowerBound
      switch parameter.initial {
      case .constant(let value): target.update(repeating: value, count: parameter.range.count)
      case .uniform(let bound):
        let key = RandomKey(seed: seed, purpose: .initialValue, layer: index)
        for element in 0..<parameter.range.count {
          target[element] = (2 * unitFloat(key.bits(id: UInt64(element / 4), step: 0)[element % 4]) - 1) * bound
        }
      }
    }
    return values
  }
}
