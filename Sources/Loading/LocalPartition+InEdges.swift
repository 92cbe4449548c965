public import Partitions
public import Sampling

extension LocalPartition {
  /// The part's in-edges as a sampler reads them, in place.
  public var inEdges: InEdges {
    InEdges(
      indptr: indptr, indices: indices, relations: relations, original: original, haloOriginal: haloOriginal,
      firstGlobalID: firstGlobalID, halo: halo, degrees: degrees, haloDegrees: haloDegrees)
  }
}
