/// A node's number in the one space that all parts share: part-major, then by node type.
///
/// Only the partition book and a local partition convert between the id types.
public struct GlobalID: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
  public var rawValue: Int64
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  @inlinable public init(_ value: Int64) { rawValue = value }
  @inlinable public static func < (a: GlobalID, b: GlobalID) -> Bool { a.rawValue < b.rawValue }
}

/// A node's number inside one part: its inner nodes first, then its halo nodes.
public struct PartLocalID: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(_ value: UInt32) { rawValue = value }
  @inlinable public static func < (a: PartLocalID, b: PartLocalID) -> Bool { a.rawValue < b.rawValue }
}

/// A row of one sampled block.
public struct BlockRow: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(_ value: UInt32) { rawValue = value }
  @inlinable public static func < (a: BlockRow, b: BlockRow) -> Bool { a.rawValue < b.rawValue }
}

/// The user's own number of a node inside its type; keys randomness and output, never addresses anything.
public struct OriginalID: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
  public var rawValue: Int64
  @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
  @inlinable public init(_ value: Int64) { rawValue = value }
  @inlinable public static func < (a: OriginalID, b: OriginalID) -> Bool { a.rawValue < b.rawValue }
}
