import Models
import Partitions
import Tensors

extension InferenceEdges {
  /// All in-edges of a part's inner nodes.
  ///
  /// - Parameters:
  ///   - degrees: Whether the model reads degrees.
  ///   - edgeFeatures: Table of the edges' rows, which each of `relations` has.
  init(_ part: LocalPartition, degrees wantsDegrees: Bool, _ edgeFeatures: String? = nil, of relations: [Int] = []) {
    var degrees: ArrayView<UInt32>?
    if wantsDegrees {
      let both = Buffer<UInt32>(count: part.innerCount + part.haloCount)
      both.pointer.update(from: part.degrees.pointer, count: part.innerCount)
      (both.pointer + part.innerCount).update(from: part.haloDegrees.pointer, count: part.haloCount)
      degrees = both.view
    }
    self.init(
      indptr: part.indptr, indices: part.indices, relations: part.relations, sourceCount: part.innerCount + part.haloCount,
      degrees: degrees,
      rows: relations.map { relation in
        guard let table = edgeFeatures.flatMap({ part.edgeTables[relation][$0] }) else {
          preconditionFailure("part \(part.part) has no edge table \(edgeFeatures ?? "")")
        }
        return InferenceEdgeRows(InferenceInput.segments(of: [table]), indptr: part.edgeRows.firsts(relation) ?? part.indptr)
      })
  }
}
