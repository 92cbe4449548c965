public import Tensors

/// Global ids of one adjacency's edges: inside a relation they count on from node to node in the order of the edges.
public struct EdgeIDs: Sendable {
  private let bases: [Int64]
  private let firsts: [ArrayView<Int64>?]

  /// - Parameters:
  ///   - bases: Global id of the first edge of each relation.
  ///   - firsts: Edges of the relation before each node's, by relation; `nil`: its edges have no ids. Not looked at with one relation.
  public init(bases: [Int64], firsts: [ArrayView<Int64>?]) {
    precondition(bases.count == firsts.count, "\(bases.count) bases and \(firsts.count) lists of edges")
    self.bases = bases
    self.firsts = firsts
  }

  /// Numbers of one relation as a loop over samples reads them; valid while the value lives.
  struct Native: BitwiseCopyable {
    var base: Int64
    /// Edges before each node's; `nil`: those are counted by position.
    var firsts: UnsafePointer<Int64>?
    var hasIDs: Bool

    /// What is added to the positions of a node's edges; `nil`: they have no ids.
    ///
    /// - Parameter firstPosition: Position of the first of them.
    @inline(__always)
    func shift(of node: Int, firstPosition: Int64) -> Int64? {
      guard hasIDs else { return nil }
      return firsts.map { base &+ $0[node] &- firstPosition } ?? base
    }
  }

  /// By relation.
  var native: [Native] {
    bases.indices.map { relation in
      let counted = bases.count > 1
      return Native(
        base: bases[relation], firsts: counted ? firsts[relation]?.pointer : nil, hasIDs: !counted || firsts[relation] != nil)
    }
  }
}
