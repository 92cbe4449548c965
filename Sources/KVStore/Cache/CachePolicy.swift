/// Which remote rows a worker keeps past the step that pulled them.
public enum CachePolicy: String, Codable, CaseIterable, Sendable {
  /// None: every step pulls all that it needs.
  case none
  /// Halo nodes, the sources of the most in-edges of the worker's parts first.
  case halo
  /// Halo nodes, those of the highest degree in the whole graph first.
  case degree
  /// The nodes most likely to be read by a batch (vertex-wise inclusion probability; Kaler et al., "Communication-Efficient Graph Neural
  /// Networks with Probabilistic Neighborhood Expansion Analysis and Caching", MLSys 2023, arXiv 2305.03152).
  case vip
  /// What coming steps need soonest; behind that, what is needed most often.
  case window
}
