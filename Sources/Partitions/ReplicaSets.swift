import Tensors

/// What a part keeps of other parts' nodes: global ids, each list increasing.
struct ReplicaSets: Sendable {
  /// Nodes whose table rows are kept.
  let rows: Buffer<Int64>
  /// Nodes whose in-edges are kept: those, and halo nodes near enough.
  let nodes: Buffer<Int64>
  /// Sources of these in-edges, own nodes among them.
  let sources: HaloSet

  /// - Parameters:
  ///   - halo: The part's halo nodes: those one hop away.
  ///   - hops: Halo nodes so many hops away or fewer keep their in-edges.
  ///   - wanted: Flat numbers of nodes of other parts whose rows and in-edges are kept.
  /// - Complexity: O(edges of the nodes kept + nodes / 64); three bits a node of the graph.
  init(
    of part: Int, halo: ArrayView<Int64>, hops: Int, wanted: Buffer<UInt32>, inEdges: InEdges, numbering: PartitionNumbering
  ) {
    let words = (numbering.nodes.count + 63) / 64
    let chosen = Buffer<UInt64>(count: words)
    for index in 0..<wanted.count { Self.insert(numbering.globalID(ofFlat: Int(wanted.pointer[index])), into: chosen) }
    rows = HaloSet(words: chosen).members
    let near = Self.near(part, halo: halo, hops: hops, inEdges, numbering)
    for word in 0..<words { chosen.pointer[word] |= near.pointer[word] }
    nodes = HaloSet(words: chosen).members
    let reached = Buffer<UInt64>(count: words)
    for index in 0..<nodes.count {
      let id = Int(nodes.pointer[index])
      for position in inEdges.positions(of: id..<id + 1) {
        Self.insert(numbering.globalID(ofFlat: inEdges.source(position)), into: reached)
      }
    }
    sources = HaloSet(words: reached)
  }

  /// Nodes of other parts at most `hops` in-edges away, a bit each.
  private static func near(
    _ part: Int, halo: ArrayView<Int64>, hops: Int, _ inEdges: InEdges, _ numbering: PartitionNumbering
  ) -> Buffer<UInt64> {
    let near = Buffer<UInt64>(count: (numbering.nodes.count + 63) / 64)
    guard hops > 0 else { return near }
    let own = UInt16(part)
    var frontier = halo.map { Int($0) }
    for id in frontier { insert(id, into: near) }
    for _ in 1..<hops where !frontier.isEmpty {
      var next: [Int] = []
      for id in frontier {
        for position in inEdges.positions(of: id..<id + 1) {
          let source = inEdges.source(position)
          let other = numbering.globalID(ofFlat: source)
          guard numbering.parts[source] != own, near.pointer[other >> 6] >> UInt64(other & 63) & 1 == 0 else { continue }
          insert(other, into: near)
          next.append(other)
        }
      }
      frontier = next
    }
    return near
  }

  private static func insert(_ id: Int, into words: Buffer<UInt64>) { words.pointer[id >> 6] |= 1 << UInt64(id & 63) }
}
