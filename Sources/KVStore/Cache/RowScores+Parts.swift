import Graphs
package import Partitions
import Tensors

extension RowScores {
  /// What a policy ranks the rows of one node type by, for a worker that owns some parts.
  ///
  /// Halo nodes by the in-edges of the parts that they are sources of (`halo`), or by their in-degree in the whole graph (`degree`);
  /// the probabilities of the directory for `vip`, and for `window` where it has them.
  ///
  /// - Parameters:
  ///   - parts: The worker's own parts.
  ///   - isRemote: Whether the row with a global id must be pulled.
  /// - Returns: `nil` for a policy that needs none, and for `window` where a part has no probabilities.
  /// - Throws: `InputError` for `vip` where a part has no probabilities.
  /// - Complexity: O(rows) expected; `halo` reads the sources of all in-edges.
  package static func of(
    _ policy: CachePolicy, nodeType: Int, parts: [LocalPartition], isRemote: (Int64) -> Bool
  ) throws -> RowScores? {
    var sums: [Int64: Float] = [:]
    func add(_ id: Int64, of part: LocalPartition, _ combine: (Float) -> Float) {
      if isRemote(id), part.book.type(of: GlobalID(id)) == nodeType { sums[id] = combine(sums[id] ?? 0) }
    }
    for part in parts {
      switch policy {
      case .none: return nil
      case .halo:
        let counts = haloEdges(of: part)
        for (row, id) in part.halo.enumerated() { add(id, of: part) { $0 + Float(counts.pointer[row]) } }
      case .degree:
        for (row, id) in part.halo.enumerated() { add(id, of: part) { max($0, Float(part.haloDegrees[row])) } }
      case .vip, .window:
        guard let expected = part.expectedRows else {
          if policy == .window { return nil }
          throw InputError(
            "--cache vip", expected: "a partition with the rows that batches are expected to read ('halo partition --fanout --batch-size')",
            found: "none in part \(part.part)")
        }
        // Batches of several parts are independent of each other.
        for (row, id) in expected.nodes.enumerated() { add(id, of: part) { 1 - (1 - $0) * (1 - expected.probabilities[row]) } }
      }
    }
    let ids = sums.keys.sorted()
    return RowScores(ids: ArrayView(ids), values: ArrayView(ids.map { sums[$0]! }))  // Its own keys.
  }

  /// In-edges of inner nodes by the halo node that they come from.
  private static func haloEdges(of part: LocalPartition) -> Buffer<UInt32> {
    let counts = Buffer<UInt32>(count: part.haloCount)
    for source in part.indices.elements where Int(source) >= part.innerCount { counts.pointer[Int(source) - part.innerCount] += 1 }
    return counts
  }
}
