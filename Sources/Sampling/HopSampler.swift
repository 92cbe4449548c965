import Graphs
public import Tensors

/// One hop of one step: how many in-edges of each relation a destination takes, and the keys that choose them.
///
/// Purposes `sample` and `evaluation` take exactly min(limit, degree) edges, every subset equally likely: `NeighborPicker` is
/// the definition. Purpose `labor` takes each edge of a node of degree `d` with probability min(1, limit / d), by one number per source:
/// `LaborRule` is the definition. Both are pure functions of the node and the step; who samples, and when, changes nothing.
public struct HopSampler: Sendable {
  /// In-edges taken per destination, by relation: exactly or, under LABOR, on average; `Int.max` takes all.
  public let limits: [Int]
  /// The limits as the kernels read them, `UInt32.max` for all.
  let nativeLimits: [UInt32]
  /// Philox key of each relation; under LABOR one key serves all.
  let keys: [UInt64]
  /// What the samples are for: training and evaluation draw independently.
  public let purpose: RandomPurpose
  /// Distance from the seeds.
  public let hop: Int
  /// Step of the run, or the epoch where samples are kept for one.
  public var step: UInt32
  /// Whether the degrees of nodes in the whole graph are asked for as well.
  public let wantsDegrees: Bool
  /// Whether the global ids of the taken edges are asked for.
  public let wantsEdges: Bool
  /// What samples may be for.
  public static let purposes: [RandomPurpose] = [.sample, .evaluation, .labor]

  /// - Parameters:
  ///   - hop: Distance from the seeds: their own in-edges are hop 0.
  ///   - step: Step of the run.
  public init(
    seed: UInt64, purpose: RandomPurpose = .sample, hop: Int, step: UInt32, limits: [Int], wantsDegrees: Bool = false,
    wantsEdges: Bool = false
  ) {
    precondition(Self.purposes.contains(purpose), "samples for \(purpose)")
    self.purpose = purpose
    self.wantsDegrees = wantsDegrees
    self.wantsEdges = wantsEdges
    self.limits = limits
    self.hop = hop
    self.step = step
    nativeLimits = limits.map { UInt32(clamping: $0) }
    keys = limits.indices.map { Self.key(seed: seed, purpose: purpose, hop: hop, relation: $0).value }
  }

  /// Key of the draws of one relation; under LABOR a source has one number for all relations.
  public static func key(seed: UInt64, purpose: RandomPurpose, hop: Int, relation: Int) -> RandomKey {
    RandomKey(seed: seed, purpose: purpose, layer: hop, relation: purpose == .labor ? 0 : relation)
  }

  public var relationCount: Int { limits.count }

  /// Whether a destination takes a number of edges that is known from its degree.
  public var takesExactly: Bool { purpose != .labor }
}

/// LABOR-0: which in-edges a destination takes, decided by one number for each source, so that destinations share sources.
///
/// Balın, Çatalyürek, "Layer-neighbor sampling", NeurIPS 2023, arXiv 2210.13339. An edge t → s is taken when r(t) · d(s) < limit · 2³²,
/// where r is 32 random bits of the source and d the in-edges of the destination in the relation; a destination with
/// d ≤ limit takes all. Given how many a destination took, if any, every subset of that size is equally likely: the mean over them, and
/// their sum times d / taken, are unbiased. A destination takes none with probability (1 − limit / d)^d < e^−limit.
public struct LaborRule: Sendable {
  private let key: RandomKey
  private let step: UInt32

  /// - Parameter key: See `HopSampler.key`.
  public init(key: RandomKey, step: UInt32) {
    self.key = key
    self.step = step
  }

  /// Whether an edge from the node with the user's number `source` to a node with `degree` edges is taken.
  public func takes(source: Int64, degree: Int, limit: Int) -> Bool {
    let bits = UInt64(key.bits(id: UInt64(bitPattern: source), step: step)[0])
    return degree <= limit || bits * UInt64(degree) < UInt64(UInt32(clamping: limit)) << 32
  }
}
