import Graphs
public import Tensors

/// Finds nodes in the lists of replicas that a process has, by global id: open addressing, made once.
public struct ReplicaIndex: Sendable {
  /// 0, or (id + 1) · 2³² + place.
  private let slots: Buffer<UInt64>
  /// List · 2³² + position in it, by place.
  private let places: Buffer<UInt64>
  private let mask: Int

  /// - Parameters:
  ///   - lists: Global ids below 2³² − 1; of a node that several have, the first counts.
  ///   - mapped: Parts whose nodes are left out, since they are read in place.
  /// - Complexity: O(nodes) time; at most 40 bytes a node.
  public init(_ lists: [ArrayView<Int64>], book: PartitionBook, mapped: Set<Int>) {
    var wanted: [(id: Int64, place: UInt64)] = []
    for (list, ids) in lists.enumerated() {
      for (position, id) in ids.enumerated() where !mapped.contains(book.owner(of: GlobalID(id))) {
        wanted.append((id, UInt64(list) << 32 | UInt64(position)))
      }
    }
    var capacity = 2
    while capacity < 2 * wanted.count { capacity *= 2 }
    slots = Buffer(count: wanted.isEmpty ? 0 : capacity)
    places = Buffer(count: wanted.count)
    mask = capacity - 1
    for (number, node) in wanted.enumerated() {
      places.pointer[number] = node.place
      var slot = home(of: node.id)
      while slots.pointer[slot] != 0, slots.pointer[slot] >> 32 != UInt64(node.id) + 1 { slot = (slot + 1) & mask }
      if slots.pointer[slot] == 0 { slots.pointer[slot] = (UInt64(node.id) + 1) << 32 | UInt64(number) }
    }
  }

  /// Whether no node can be found.
  public var isEmpty: Bool { places.count == 0 }

  /// The list that has a node, and its position there; `nil` where none has. O(1) expected.
  public func place(of id: Int64) -> (list: Int, position: Int)? {
    guard !isEmpty else { return nil }
    let key = UInt64(bitPattern: id) &+ 1
    var slot = home(of: id)
    while true {
      let entry = slots.pointer[slot]
      if entry == 0 { return nil }
      if entry >> 32 == key {
        let place = places.pointer[Int(entry & 0xFFFF_FFFF)]
        return (Int(place >> 32), Int(place & 0xFFFF_FFFF))
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// Fibonacci hashing.
  @inline(__always)
  private func home(of id: Int64) -> Int { Int(truncatingIfNeeded: (UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask }
}
