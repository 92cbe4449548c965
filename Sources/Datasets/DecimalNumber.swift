import Glibc

/// Float32 numbers in decimal text.
enum DecimalNumber {
  /// Powers of ten that a double holds exactly.
  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The number nearest to the text, or `nil` where all of it is no number. "nan", "inf" and what overflows are numbers here.
  ///
  /// Up to 15 digits and small exponents take one multiplication or division of exact doubles, which rounds correctly
  /// (Clinger, "How to read floating point numbers accurately", PLDI 1990); everything else is left to the C library.
  static func parse(_ text: UnsafeRawBufferPointer) -> Float? {
    var position = 0
    let negative = text.count > 0 && text[0] == 0x2D
    if negative { position = 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var fraction = 0
    while position < text.count, text[position] &- 0x30 <= 9 {
      mantissa = mantissa &* 10 &+ UInt64(text[position] &- 0x30)
      digits += 1
      position += 1
    }
    if position < text.count, text[position] == 0x2E {
      position += 1
      while position < text.count, text[position] &- 0x30 <= 9 {
        mantissa = mantissa &* 10 &+ UInt64(text[position] &- 0x30)
        digits += 1
        fraction += 1
        position += 1
      }
    }
    guard digits > 0, digits <= 15, let exponent = exponent(text, from: position), abs(exponent - fraction) <= 22 else {
      return slow(text)
    }
    let power = powersOfTen[abs(exponent - fraction)]
    let wide = exponent < fraction ? Double(mantissa) / power : Double(mantissa) * power
    // Rounding to double first may land on the middle between two floats, where the second rounding would guess.
    let isMiddle = wide.bitPattern & 0x1FFF_FFFF == 0x1000_0000
    guard mantissa == 0 || (!isMiddle && wide >= 0x1p-126 && wide < 0x1p127) else { return slow(text) }
    return negative ? -Float(wide) : Float(wide)
  }

  /// The exponent at the end of the text, 0 where there is none, `nil` where something else follows.
  private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    if start == text.count { return 0 }
    guard text[start] | 0x20 == 0x65, start + 1 < text.count else { return nil }
    var position = start + 1
    let negative = text[position] == 0x2D
    if negative || text[position] == 0x2B { position += 1 }
    guard position < text.count, text.count - position <= 3 else { return nil }
    var value = 0
    for byte in text[position...] {
      guard byte &- 0x30 <= 9 else { return nil }
      value = value * 10 + Int(byte &- 0x30)
    }
    return negative ? -value : value
  }

  private static func slow(_ text: UnsafeRawBufferPointer) -> Float? {
    guard let first = text.first, first > 0x20, text.count < 400, !text.contains(0) else { return nil }
    let terminated = text.map { CChar(bitPattern: $0) } + [0]
    return terminated.withUnsafeBufferPointer { characters in
      var end: UnsafeMutablePointer<CChar>?
      let value = strtof(characters.baseAddress!, &end)
      return end == UnsafeMutablePointer(mutating: characters.baseAddress! + text.count) ? value : nil
    }
  }
}
