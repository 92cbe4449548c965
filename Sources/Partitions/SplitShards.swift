import Graphs

/// One split of every node type cut into parts.
struct SplitShards: Sendable {
  /// Nodes of one set in one part, by increasing local id.
  struct Shard: Sendable {
    /// (part-local id, rank) pairs, flat: shape (n, 2). Ranks number the training nodes of the whole graph type after type,
    /// inside a type by original id.
    var train: [UInt32] = []
    var validation: [UInt32] = []
    var test: [UInt32] = []

    /// Brings the sets from the order of original ids into that of local ids.
    fileprivate mutating func sort() {
      var pairs: [SIMD2<UInt32>] = []
      for index in 0..<train.count / 2 { pairs.append(SIMD2(train[2 * index], train[2 * index + 1])) }
      pairs.sort { $0.x < $1.x }
      train.removeAll(keepingCapacity: true)
      for pair in pairs { train += [pair.x, pair.y] }
      validation.sort()
      test.sort()
    }
  }

  let name: String
  /// Shape (k, types), part-major.
  private var shards: [Shard]
  private let typeCount: Int

  /// Cuts the split `name`.
  init(_ name: String, graph: RawGraph, numbering: PartitionNumbering) {
    self.name = name
    typeCount = graph.nodes.count
    shards = [Shard](repeating: Shard(), count: numbering.partCount * typeCount)
    var rank: UInt32 = 0
    for type in graph.nodes.indices {
      let split = graph.split(name, ofType: type)
      let first = numbering.nodes.offsets[type]
      func place(_ id: UInt32) -> (slot: Int, local: UInt32) {
        let flat = first + Int(id)
        return (Int(numbering.parts[flat]) * typeCount + type, numbering.locals.pointer[flat])
      }
      for id in split.train {
        let (slot, local) = place(id)
        shards[slot].train.append(local)
        shards[slot].train.append(rank)
        rank += 1
      }
      for id in split.validation {
        let (slot, local) = place(id)
        shards[slot].validation.append(local)
      }
      for id in split.test {
        let (slot, local) = place(id)
        shards[slot].test.append(local)
      }
    }
    for slot in shards.indices { shards[slot].sort() }
  }

  subscript(part: Int, type: Int) -> Shard { shards[part * typeCount + type] }
}
