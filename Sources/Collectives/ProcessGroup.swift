/// The workers of one training job, and the operations that all of them perform together.
///
/// Every operation is collective: all `size` members call the same operations in the same order, and none returns
/// before it has what it needs from the others. A group belongs to the thread that made it; a call from another thread
/// is a programmer's error and traps.
///
/// After an operation has thrown, the group is unusable: the member reports the error and ends.
public protocol ProcessGroup: AnyObject {
  /// Number of this member, in `0..<size`.
  var rank: Int { get }
  /// Number of members.
  var size: Int { get }
  /// The ranks that share this host's memory, ascending, this one included.
  var hostRanks: [Int] { get }

  /// Returns when every member has called it.
  func barrier() throws

  /// Returns on every member the bytes that `root` passed; what the others pass is ignored.
  func broadcast(_ bytes: [UInt8], from root: Int) throws -> [UInt8]

  /// Returns on every member what each member passed, by rank; any sizes.
  func allGather(_ bytes: [UInt8]) throws -> [[UInt8]]

  /// Sends `messages[r]` to rank `r` and returns what each rank sent here, by rank; any sizes.
  func exchange(_ messages: [[UInt8]]) throws -> [[UInt8]]

  /// Sends `send[r]` to rank `r` and fills `receive[r]` with what rank `r` sent here.
  ///
  /// - Parameters:
  ///   - send: One range of bytes per rank.
  ///   - receive: One range of bytes per rank, of exactly the size that the rank sends; disjoint from all of `send`
  ///     and from each other.
  /// - Throws: `CollectiveError` when a message has another size than the place prepared for it.
  func exchange(send: [UnsafeRawBufferPointer], receive: [UnsafeMutableRawBufferPointer]) throws

  /// Completes an array of which every member holds one range.
  ///
  /// - Parameters:
  ///   - base: The array; this member's range is read, all the others are overwritten.
  ///   - ranges: The range of bytes that each rank contributes: the same list on every member, disjoint.
  func allGather(inPlace base: UnsafeMutableRawPointer, ranges: [Range<Int>]) throws
}

extension ProcessGroup {
  /// Returns on every member the value that each member passed, by rank.
  public func allGather<Value: BitwiseCopyable>(value: Value) throws -> [Value] {
    let gathered = try allGather(withUnsafeBytes(of: value) { Array($0) })
    return try gathered.enumerated().map { peer, bytes in
      guard bytes.count == MemoryLayout<Value>.size else {
        throw CollectiveError.sizeMismatch(
          operation: "allGather", rank: rank, peer: peer, expected: MemoryLayout<Value>.size, found: bytes.count)
      }
      return bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
    }
  }
}
