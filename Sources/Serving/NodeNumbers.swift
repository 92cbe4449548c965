import Graphs
import Messaging
import Partitions
import Tensors

/// Converts between the user's node numbers and global ids, for one part: handlers of `findNodes` and `originalNumbers`.
///
/// ```
/// findNodes         table = node type    request   the user's numbers   int64 × count
///                                        answer    global ids           int64 × count, −1 for a node that another part owns
/// originalNumbers                        request   global ids           int64 × count, inner nodes of the part or in its halo
///                                        answer    the user's numbers   int64 × count
/// ```
/// `detail` of an answer of `findNodes` is how many were found. Any other number or id is refused.
struct NodeNumbers: Sendable {
  private let part: LocalPartition
  private let nodeTypes: [String]
  /// Nodes of each type in the whole graph.
  private let nodeCounts: [Int64]
  /// By type: its inner nodes by the user's number, counted from the first; `nil` where they lie so.
  private let orders: [Buffer<UInt32>?]

  init(_ part: LocalPartition, nodeTypes: [String]) {
    self.part = part
    self.nodeTypes = nodeTypes
    let book = part.book
    nodeCounts = nodeTypes.indices.map { type in
      (0..<book.partCount).reduce(Int64(0)) { $0 + Int64(book.innerRange(of: $1, type: type).count) }
    }
    orders = nodeTypes.indices.map { type in
      let numbers = part.original.slice(Self.locals(of: type, in: part))
      guard !zip(numbers, numbers.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
      return Buffer(copying: (0..<UInt32(numbers.count)).sorted { numbers[Int($0)] < numbers[Int($1)] })
    }
  }

  func findNodes(_ request: Request) throws -> ReplyBuffer {
    let place = "search of nodes"
    let type = Int(request.table)
    guard nodeTypes.indices.contains(type) else {
      throw InputError(place, expected: "a node type below \(nodeTypes.count)", found: "\(type)")
    }
    var found = 0
    let reply = try convert(request, place: place) { number in
      guard number >= 0, number < nodeCounts[type] else {
        throw InputError(place, expected: "a node of '\(nodeTypes[type])' below \(nodeCounts[type])", found: "\(number)")
      }
      guard let local = innerNode(number, type: type) else { return -1 }
      found += 1
      return part.firstGlobalID + Int64(local)
    }
    return ReplyBuffer(count: Int(request.count), detail: found, buffer: reply)
  }

  func originalNumbers(_ request: Request) throws -> ReplyBuffer {
    let place = "numbers of nodes"
    let reply = try convert(request, place: place) { id in
      guard let number = originalNumber(id) else {
        throw InputError(place, expected: "inner nodes of part \(part.part) or its halo", found: "global id \(id)")
      }
      return number
    }
    return ReplyBuffer(count: Int(request.count), buffer: reply)
  }

  /// Writes what `body` makes of each number of a request.
  private func convert(_ request: Request, place: String, _ body: (Int64) throws -> Int64) throws -> MessageBuffer {
    let (payload, count) = (request.payload, Int(request.count))
    guard payload.count == 8 * count else {
      throw InputError(place, expected: "\(count) numbers of 8 bytes", found: "\(payload.count) bytes")
    }
    let buffer = MessageBuffer(payloadBytes: 8 * count)
    for index in 0..<count {
      let number = Int64(littleEndian: payload.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self))
      buffer.payload.storeBytes(of: try body(number).littleEndian, toByteOffset: 8 * index, as: Int64.self)
    }
    return buffer
  }

  /// The inner node with a number, O(log nodes).
  private func innerNode(_ number: Int64, type: Int) -> Int? {
    let locals = Self.locals(of: type, in: part)
    let order = orders[type]
    func local(_ position: Int) -> Int { locals.lowerBound + (order.map { Int($0[position]) } ?? position) }
    let position = Self.lowerBound(locals.count) { part.original[local($0)] < number }
    guard position < locals.count, part.original[local(position)] == number else { return nil }
    return local(position)
  }

  /// The user's number of an inner or a halo node.
  private func originalNumber(_ id: Int64) -> Int64? {
    if part.book.innerRange(of: part.part).contains(id) { return part.original[Int(id - part.firstGlobalID)] }
    let position = Self.lowerBound(part.haloCount) { part.halo[$0] < id }
    guard position < part.haloCount, part.halo[position] == id else { return nil }
    return part.haloOriginal[position]
  }

  /// Local ids of the inner nodes of a type.
  private static func locals(of type: Int, in part: LocalPartition) -> Range<Int> {
    let range = part.book.innerRange(of: part.part, type: type)
    return Int(range.lowerBound - part.firstGlobalID)..<Int(range.upperBound - part.firstGlobalID)
  }

  /// The first position below `count` that does not come before, or `count`.
  private static func lowerBound(_ count: Int, _ comesBefore: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if comesBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
