public import Tensors

/// The in-edges of one part's inner nodes as a sampler needs them: CSC in canonical order, and the ids around it.
public struct InEdges: Sendable {
  /// Shape (inner + 1).
  public let indptr: ArrayView<Int64>
  /// Local id of each edge's source.
  public let indices: ArrayView<UInt32>
  /// Relation of each edge, increasing inside a destination; `nil` with one relation.
  public let relations: ArrayView<UInt16>?
  /// The user's number of each inner node.
  public let original: ArrayView<Int64>
  /// Global id of the first inner node.
  public let firstGlobalID: Int64
  /// Global ids of the halo nodes.
  public let halo: ArrayView<Int64>
  /// In-edges in the whole graph, all relations together, of each inner and of each halo node.
  public let degrees: ArrayView<UInt32>
  public let haloDegrees: ArrayView<UInt32>

  public init(
    indptr: ArrayView<Int64>, indices: ArrayView<UInt32>, relations: ArrayView<UInt16>?, original: ArrayView<Int64>,
    firstGlobalID: Int64, halo: ArrayView<Int64>, degrees: ArrayView<UInt32>, haloDegrees: ArrayView<UInt32>
  ) {
    precondition(degrees.count == original.count && haloDegrees.count == halo.count, "one degree per node")
    precondition(indptr.count == original.count + 1, "one offset per inner node and one more")
    self.indptr = indptr
    self.indices = indices
    self.relations = relations
    self.original = original
    self.firstGlobalID = firstGlobalID
    self.halo = halo
    self.degrees = degrees
    self.haloDegrees = haloDegrees
  }

  public var innerCount: Int { original.count }

  /// In-edges of inner node `local` that belong to `relation`. O(1) with one relation, else O(log degree).
  func edges(of local: Int, relation: Int) -> Range<Int> {
    let begin = Int(indptr.pointer[local])
    let end = Int(indptr.pointer[local &+ 1])
    guard let relations else { return begin..<end }
    return lowerBound(relations, begin..<end, relation)..<lowerBound(relations, begin..<end, relation + 1)
  }

  private func lowerBound(_ relations: ArrayView<UInt16>, _ range: Range<Int>, _ relation: Int) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if Int(relations[middle]) < relation { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
