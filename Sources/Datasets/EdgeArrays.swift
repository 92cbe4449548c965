import Tensors

/// One end of every edge of a file: a column, a row or the whole of an array of whole numbers, mapped.
struct IDArray: Sendable {
  /// Where the array comes from, for errors.
  let place: String
  let elementType: ElementType
  let count: Int
  private let bytes: ArrayView<UInt8>
  /// Position of the first id and the distance between ids, in elements.
  private let first: Int
  private let stride: Int

  /// - Throws: `InputError` when the elements are no whole numbers of 32 or 64 bits.
  init(_ array: NPYArray, first: Int = 0, stride: Int = 1, count: Int) throws {
    guard [.int32, .uint32, .int64, .uint64].contains(array.elementType) else {
      throw InputError(array.path, expected: "node ids of int32, uint32, int64 or uint64", found: "\(array.elementType)")
    }
    place = array.path
    elementType = array.elementType
    bytes = array.bytes
    self.first = first
    self.stride = stride
    self.count = count
  }

  /// The ids without a copy, where they are 32 bits wide and one after the other; callers look for negative ones.
  var direct: ArrayView<UInt32>? {
    guard elementType.size == 4, stride == 1, UInt(bitPattern: bytes.pointer) % 4 == 0 else { return nil }
    let start = UnsafeRawPointer(bytes.pointer).assumingMemoryBound(to: UInt32.self) + first
    return ArrayView(pointer: start, count: count, owner: Keeper(bytes: bytes), isMapped: bytes.isMapped)
  }

  private final class Keeper: Sendable {
    let bytes: ArrayView<UInt8>
    init(bytes: ArrayView<UInt8>) { self.bytes = bytes }
  }

  /// Copies the ids of `range`, which have to be below `limit`, and returns the largest.
  ///
  /// - Returns: `nil` when an id is none; `firstWrong` finds it.
  func copy(_ range: Range<Int>, below limit: UInt32, to target: UnsafeMutablePointer<UInt32>) -> UInt32? {
    switch elementType {
    case .int32, .uint32: copy(range, below: limit, to: target) { (bits: UInt32) in UInt64(bits) }
    default: copy(range, below: limit, to: target) { (bits: UInt64) in bits }
    }
  }

  // As bits, a negative int64 is beyond every limit.
  @inline(__always)
  private func copy<Stored: BitwiseCopyable>(
    _ range: Range<Int>, below limit: UInt32, to target: UnsafeMutablePointer<UInt32>, _ widen: (Stored) -> UInt64
  ) -> UInt32? {
    let base = UnsafeRawPointer(bytes.pointer) + first * elementType.size
    var largest: UInt64 = 0
    for index in range {
      let id = widen(base.loadUnaligned(fromByteOffset: index &* stride &* MemoryLayout<Stored>.stride, as: Stored.self))
      largest = max(largest, id)
      target[index &- range.lowerBound] = UInt32(truncatingIfNeeded: id)
    }
    // Bits of a negative int32 may be below the limit of unsigned ids.
    if elementType == .int32 && largest > UInt64(Int32.max) { return nil }
    return range.isEmpty ? 0 : largest < UInt64(limit) ? UInt32(truncatingIfNeeded: largest) : nil
  }

  /// The key of a node that is called by its number.
  @inline(__always)
  func key(_ index: Int) -> NodeKey {
    let (bits, isNegative) = number(index)
    return NodeKey(number: bits, isNegative: isNegative)
  }

  /// An error for the first id of `range` that is not from 0 to below `limit`.
  func wrong(_ range: Range<Int>, below limit: UInt32) -> InputError? {
    for index in range {
      let (bits, isNegative) = number(index)
      guard isNegative || bits >= UInt64(limit) else { continue }
      return InputError(
        place, expected: isNegative ? "node ids of 0 or more" : "node ids below \(limit)",
        found: "\(isNegative ? "\(Int64(bitPattern: bits))" : "\(bits)") of edge \(index)")
    }
    return nil
  }

  @inline(__always)
  private func number(_ index: Int) -> (bits: UInt64, isNegative: Bool) {
    let address = UnsafeRawPointer(bytes.pointer) + (first &+ index &* stride) &* elementType.size
    switch elementType {
    case .int32:
      let value = Int64(address.loadUnaligned(as: Int32.self))
      return (UInt64(bitPattern: value), value < 0)
    case .uint32: return (UInt64(address.loadUnaligned(as: UInt32.self)), false)
    case .int64:
      let value = address.loadUnaligned(as: Int64.self)
      return (UInt64(bitPattern: value), value < 0)
    default: return (address.loadUnaligned(as: UInt64.self), false)
    }
  }
}

/// The edges of one file, or of files that belong together.
struct EdgeArrays: Sendable {
  var sources: IDArray
  var destinations: IDArray
  /// Weight of each edge, float32 or what becomes that.
  var weights: NPYArray?

  var count: Int { sources.count }

  /// - Throws: `InputError` when the arrays differ in length.
  init(sources: IDArray, destinations: IDArray, weights: NPYArray?) throws {
    guard sources.count == destinations.count else {
      throw InputError(destinations.place, expected: "\(sources.count) edges as in \(sources.place)", found: "\(destinations.count)")
    }
    if let weights, weights.shape != [sources.count], weights.shape != [sources.count, 1] {
      throw InputError(weights.path, expected: "a weight for each of \(sources.count) edges", found: "shape \(weights.shape)")
    }
    self.sources = sources
    self.destinations = destinations
    self.weights = weights
  }
}
