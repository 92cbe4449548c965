/// Type of the elements that cores add up; sums are int32, or float32 for float32.
public enum PIMElementType: String, Codable, Sendable, CaseIterable {
  case int8, int16, int32, float32

  /// Bytes of an element.
  public var bytes: Int {
    switch self {
    case .int8: 1
    case .int16: 2
    case .int32, .float32: 4
    }
  }

  /// Bytes of a sum.
  public static let sumBytes = 4
}

/// How rows come together.
public enum PIMOperation: String, Codable, Sendable, CaseIterable {
  /// `Σ w·x`.
  case multiplyAdd
  /// `Σ x`: what factors there are lie in the rows before and after.
  case add
  /// `max x`; an output without edges holds the least number.
  case max
}

/// Arithmetic of a core on elements of one type; integers wrap.
package protocol PIMElement: BitwiseCopyable, Sendable {
  associatedtype Sum: BitwiseCopyable, Equatable, Sendable
  static var type: PIMElementType { get }
  static var unit: Self { get }
  static var emptySum: Sum { get }
  static var leastSum: Sum { get }
  static func add(_ sum: Sum, _ x: Self) -> Sum
  static func multiplyAdd(_ sum: Sum, _ weight: Self, _ x: Self) -> Sum
  static func larger(_ sum: Sum, _ x: Self) -> Sum
  static func combine(_ a: Sum, _ b: Sum) -> Sum
  static func larger(sums a: Sum, _ b: Sum) -> Sum
}

extension PIMElement where Self: FixedWidthInteger & SignedInteger, Sum == Int32 {
  package static var unit: Self { 1 }
  package static var emptySum: Int32 { 0 }
  package static var leastSum: Int32 { .min }
  @inline(__always) package static func add(_ sum: Int32, _ x: Self) -> Int32 { sum &+ Int32(truncatingIfNeeded: x) }
  @inline(__always) package static func multiplyAdd(_ sum: Int32, _ weight: Self, _ x: Self) -> Int32 {
    sum &+ Int32(truncatingIfNeeded: weight) &* Int32(truncatingIfNeeded: x)
  }
  @inline(__always) package static func larger(_ sum: Int32, _ x: Self) -> Int32 { Swift.max(sum, Int32(truncatingIfNeeded: x)) }
  @inline(__always) package static func combine(_ a: Int32, _ b: Int32) -> Int32 { a &+ b }
  @inline(__always) package static func larger(sums a: Int32, _ b: Int32) -> Int32 { Swift.max(a, b) }
}

extension Int8: PIMElement {
  package typealias Sum = Int32
  package static var type: PIMElementType { .int8 }
}

extension Int16: PIMElement {
  package typealias Sum = Int32
  package static var type: PIMElementType { .int16 }
}

extension Int32: PIMElement {
  package typealias Sum = Int32
  package static var type: PIMElementType { .int32 }
}

extension Float: PIMElement {
  package typealias Sum = Float
  package static var type: PIMElementType { .float32 }
  package static var unit: Float { 1 }
  package static var emptySum: Float { 0 }
  package static var leastSum: Float { -.infinity }
  @inline(__always) package static func add(_ sum: Float, _ x: Float) -> Float { sum + x }
  @inline(__always) package static func multiplyAdd(_ sum: Float, _ weight: Float, _ x: Float) -> Float { sum + weight * x }
  @inline(__always) package static func larger(_ sum: Float, _ x: Float) -> Float { Swift.max(sum, x) }
  @inline(__always) package static func combine(_ a: Float, _ b: Float) -> Float { a + b }
  @inline(__always) package static func larger(sums a: Float, _ b: Float) -> Float { Swift.max(a, b) }
}
