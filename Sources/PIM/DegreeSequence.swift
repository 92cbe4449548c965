import Glibc
public import Tensors

/// Degrees of a graph of which statistics are published: nodes, edges, least, largest, mean and standard deviation.
///
/// Quantiles of a Lomax distribution (a power law that begins at `least`) cut off at `largest`, whose exponent and scale give mean and
/// deviation; then single edges are added or taken until the number of edges is exact, and the order is drawn.
public struct DegreeSequence: Hashable, Sendable {
  /// Where destinations of many edges lie.
  public enum Order: String, Codable, Sendable, CaseIterable {
    /// Anywhere.
    case shuffled
    /// First.
    case descending
  }

  public var name: String
  public var nodes: Int
  public var edges: Int
  public var least: Int
  public var largest: Int
  public var deviation: Double

  public init(_ name: String, nodes: Int, edges: Int, least: Int, largest: Int, deviation: Double) {
    self.name = name
    self.nodes = nodes
    self.edges = edges
    self.least = least
    self.largest = largest
    self.deviation = deviation
  }

  /// PyGim, appendix A.7.
  public static let proteins = DegreeSequence(
    "ogbn-proteins", nodes: 132_534, edges: 79_122_504, least: 1, largest: 7750, deviation: 621.5)
  public static let reddit = DegreeSequence(
    "Reddit", nodes: 232_965, edges: 114_615_892, least: 1, largest: 21_657, deviation: 799.8)
  public static let amazonProducts = DegreeSequence(
    "AmazonProducts", nodes: 403_598, edges: 156_149_176, least: 1, largest: 53_864, deviation: 1140.9)

  public var mean: Double { Double(edges) / Double(nodes) }

  /// The degrees. O(nodes · log nodes).
  public func degrees(_ order: Order = .shuffled, seed: UInt64 = 1) -> ArrayView<UInt32> {
    precondition(nodes >= 2 && least >= 0 && largest > least && (least...largest).contains(Int(mean)), "statistics of \(name)")
    let law = CutLomax(least: Double(least), largest: Double(largest), mean: mean, deviation: deviation)
    let degrees = Buffer<UInt32>(count: nodes)
    for node in 0..<nodes {
      let value = law.quantile(1 - (Double(node) + 0.5) / Double(nodes)).rounded()
      degrees.pointer[node] = UInt32(max(Double(least), min(Double(largest), value)))
    }
    degrees.pointer[0] = UInt32(largest)
    degrees.pointer[nodes - 1] = UInt32(least)
    complete(degrees)
    var sorted = degrees.elements
    sorted.sort(by: >)
    if order == .shuffled { shuffle(degrees, seed: seed) }
    return degrees.view
  }

  /// Adds or takes edges, spread evenly over the nodes between the first and the last, until there are `edges`.
  private func complete(_ degrees: Buffer<UInt32>) {
    var missing = edges - degrees.elements.reduce(0) { $0 + Int($1) }
    while missing != 0 {
      let turns = min(abs(missing), nodes - 2)
      precondition(turns > 0, "statistics of \(name)")
      var changed = false
      for turn in 0..<turns {
        let node = 1 + (nodes - 2) * turn / turns
        let degree = Int(degrees.pointer[node]) + missing.signum()
        guard (least...largest).contains(degree) else { continue }
        degrees.pointer[node] = UInt32(degree)
        missing -= missing.signum()
        changed = true
        if missing == 0 { break }
      }
      precondition(changed, "statistics of \(name)")
    }
  }

  private func shuffle(_ degrees: Buffer<UInt32>, seed: UInt64) {
    let key = RandomKey(seed: seed, purpose: .generator)
    for node in stride(from: nodes - 1, to: 0, by: -1) {
      let other = Int(boundedIndex(key.bits(id: UInt64(node), step: 0)[0], below: UInt32(node + 1)))
      degrees.elements.swapAt(node, other)
    }
  }
}

/// `least + scale · (Pareto(exponent) − 1)`, given that it is at most `largest`.
private struct CutLomax {
  let least: Double
  let largest: Double
  private(set) var exponent: Double
  private(set) var scale: Double

  /// Solves for the exponent by halving: for each, the scale that gives the mean; a larger exponent gives a smaller deviation.
  init(least: Double, largest: Double, mean: Double, deviation: Double) {
    self.least = least
    self.largest = largest
    exponent = 1
    scale = 1
    var (low, high) = (log(0.05), log(200.0))
    for _ in 0..<60 {
      exponent = exp((low + high) / 2)
      solveScale(mean: mean)
      if self.deviation > deviation { low = log(exponent) } else { high = log(exponent) }
    }
  }

  private mutating func solveScale(mean: Double) {
    var (low, high) = (log(1e-3), log(1e9))
    for _ in 0..<60 {
      scale = exp((low + high) / 2)
      if least + scale * (moment(1) - 1) < mean { low = log(scale) } else { high = log(scale) }
    }
  }

  private var end: Double { 1 + (largest - least) / scale }

  /// Mean of the `power`-th power of the Pareto variable below `end`.
  private func moment(_ power: Double) -> Double {
    let difference = abs(exponent - power) < 1e-9 ? 1e-9 : exponent - power
    return exponent / difference * -expm1(-difference * log(end)) / -expm1(-exponent * log(end))
  }

  private var deviation: Double { scale * max(0, moment(2) - moment(1) * moment(1)).squareRoot() }

  func quantile(_ u: Double) -> Double {
    let below = -expm1(-exponent * log(end))
    return least + scale * (exp(-log1p(-u * below) / exponent) - 1)
  }
}
