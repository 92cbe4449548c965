/// What the first layer makes of fixed rows before any parameter takes part: what each node gathers of its whole neighbourhood, as one
/// row. Computed once, it takes the place of the outermost hop of every batch.
///
/// ```
/// columns   [ x | m_1 | … | m_R ]      x: the node's own row, where it is needed; m_r: what it gathers along relation r
/// ```
/// With `d_r` the in-degree along relation r and `d` that over all relations:
/// - `mean` (GraphSAGE): `m_r[v] = mean(x[u] for u in N_r(v))`, zeros without in-edges.
/// - `sum` (GIN with a learned ε): `m_r[v] = Σ x[u]`; `ownAndSum` (GIN): `m_r[v] = x[v] + Σ x[u]`, and `x` only for a residual.
/// - `symmetric` (GCN): `m_r[v] = s[v]·(Σ s[u]·x[u] + s[v]·x[v])` with `s = 1 / √(d + 1)`, and `x` only for a residual;
///   `symmetricWithoutLoops`: `s = 1 / √d`, 0 where `d` is 0, and no `x[v]`.
public struct FirstHop: Codable, Equatable, Sendable {
  public enum Aggregation: String, Codable, Sendable {
    case mean, sum, symmetric
    case ownAndSum = "own-and-sum"
    case symmetricWithoutLoops = "symmetric-without-loops"
  }

  /// Columns of an input row, `I`.
  public let inputs: Int
  /// `R`.
  public let relations: Int
  public let aggregation: Aggregation
  /// Whether a row begins with the node's own.
  public let hasOwnRow: Bool
  /// Whether each input row is divided by its sum before anything else.
  public let rowNormalise: Bool
  /// Whether rows are sparse.
  public let isSparse: Bool

  /// `nil` where parameters take part in what the first layer gathers, and where it gathers rows of edges as well.
  public init?(_ shape: ModelShape) {
    guard !shape.readsEdges else { return nil }
    inputs = shape.inputColumns
    relations = shape.relations.count
    rowNormalise = shape.rowNormalise
    isSparse = shape.sparseInput
    let hasResidual = shape.residual && !shape.givesLogits(0)
    switch shape.kind {
    case .sage: (aggregation, hasOwnRow) = (.mean, true)
    case .gin where shape.learnEpsilon: (aggregation, hasOwnRow) = (.sum, true)
    case .gin: (aggregation, hasOwnRow) = (.ownAndSum, hasResidual)
    case .gcn: (aggregation, hasOwnRow) = (shape.selfLoops ? .symmetric : .symmetricWithoutLoops, hasResidual)
    case .sagePool, .gat, .gatv2: return nil
    }
  }

  /// Columns of a row.
  public var columns: Int { (relations + (hasOwnRow ? 1 : 0)) * inputs }

  /// Columns that hold what is gathered along `relation`, or the node's own row (`nil`).
  func columns(of relation: Int?) -> Range<Int> {
    let place = relation.map { $0 + (hasOwnRow ? 1 : 0) } ?? 0
    return place * inputs..<(place + 1) * inputs
  }

  /// How much a node's own row counts in what is gathered along a relation, beside its factor `s`.
  var selfWeight: Float {
    switch aggregation {
    case .mean, .sum, .symmetricWithoutLoops: 0
    case .ownAndSum, .symmetric: 1
    }
  }
}
