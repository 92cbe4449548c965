/// Symmetric quantisation of a tensor: `x ≈ q · scale` with `q` in `−2^(bits − 1) … 2^(bits − 1)`, one scale for all elements.
///
/// The bits are PyGim's, 5 for int8, 10 for int16 and 20 for int32 (`models/quantize.py`), and fewer where a sum of `terms` elements
/// could leave 32 bits.
public struct Quantisation: Hashable, Sendable {
  public let bits: Int
  public let scale: Float

  /// - Parameters:
  ///   - largest: Largest magnitude of an element.
  ///   - terms: Most elements of a sum, those that a factor multiplies counted as often as its magnitude.
  public init(_ type: PIMElementType, largest: Float, terms: Int) {
    let wanted =
      switch type {
      case .int8: 5
      case .int16: 10
      case .int32: 20
      case .float32: 0
      }
    // terms · 2^(bits − 1) < 2³¹
    let room = 32 - (Int.bitWidth - max(1, terms).leadingZeroBitCount)
    bits = max(1, min(wanted, room))
    scale = type == .float32 || largest == 0 || !largest.isFinite ? 1 : largest / Float(1 << (bits - 1))
  }

  /// The nearest number of `x`, halves away from zero.
  public func quantised<Element: FixedWidthInteger & SignedInteger>(_ x: Float, as type: Element.Type) -> Element {
    let most = Float(1 << (bits - 1))
    return Element(max(-most, min(most, (x / scale).rounded())))
  }
}
