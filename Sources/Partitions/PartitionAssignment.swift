public import Tensors

/// A tolerance that an assignment does not keep.
public struct UnmetTolerance: Codable, Hashable, Sendable, CustomStringConvertible {
  /// Name of the constraint.
  public var constraint: String
  /// Tolerance asked, 0.05 for 5 %.
  public var tolerance: Double
  /// Largest part over the mean part, minus one; of unequal targets the worst part over its own.
  public var excess: Double
  /// The worst part; `nil` where all are to be equal.
  public var part: Int?

  public init(constraint: String, tolerance: Double, excess: Double, part: Int? = nil) {
    self.constraint = constraint
    self.tolerance = tolerance
    self.excess = excess
    self.part = part
  }

  public var description: String {
    let what = part.map { "part \($0) is \(Percent(excess)) above its target" } ?? "the largest part is \(Percent(excess)) above the mean"
    return "\(constraint): \(what), \(Percent(tolerance)) asked"
  }
}

/// A part for every node, how it was found and how well it does.
public struct PartitionAssignment: Sendable {
  /// Number of parts, k; none of them is empty.
  public let partCount: Int
  /// Part of each node by flat number (`NodeNumbering`).
  public let parts: [UInt16]
  public let record: PartitionerRecord
  public let metrics: PartitionMetrics
  /// Measures of a random partition with the same k, for comparison.
  public let randomMetrics: PartitionMetrics
  /// Tolerances asked and not kept; whether that is an error is the caller's decision.
  public let unmet: [UnmetTolerance]
  /// All flat numbers in the order in which parts list their nodes, so that nodes that are read together lie together; `nil`: by
  /// original id.
  public let order: Buffer<UInt32>?
  /// What batches are expected to read from other parts, and what is worth a replica; `nil` where no fan-out was named.
  public let reads: ReadForecast?

  public init(
    partCount: Int, parts: [UInt16], record: PartitionerRecord, metrics: PartitionMetrics, randomMetrics: PartitionMetrics,
    unmet: [UnmetTolerance], order: Buffer<UInt32>? = nil, reads: ReadForecast? = nil
  ) {
    self.partCount = partCount
    self.parts = parts
    self.record = record
    self.metrics = metrics
    self.randomMetrics = randomMetrics
    self.unmet = unmet
    self.order = order
    self.reads = reads
  }
}

/// Prints a fraction as a percentage with two decimals, `8.43 %`.
struct Percent: CustomStringConvertible {
  let fraction: Double

  init(_ fraction: Double) { self.fraction = fraction }

  var description: String {
    guard fraction.isFinite, abs(fraction) < 1e12 else { return "\(fraction)" }
    let hundredths = Int((abs(fraction) * 10_000).rounded())
    let decimals = hundredths % 100
    return "\(fraction < 0 ? "-" : "")\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals) %"
  }
}
