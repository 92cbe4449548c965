import Kernels
import Tensors

/// How pulled rows are kept for later steps.
public struct RowCacheOptions: Sendable {
  public var policy: CachePolicy
  /// Rows that may be kept.
  public var rows: Int
  /// Most bytes for rows that are no longer kept while steps that are under way still read them.
  public var spareBytes: Int
  /// Steps that are fetched ahead of the one that is computed.
  public var stepsAhead: Int
  /// What the fixed policies rank rows by.
  package var scores: RowScores?

  package init(policy: CachePolicy, rows: Int, spareBytes: Int, stepsAhead: Int, scores: RowScores? = nil) {
    self.policy = policy
    self.rows = rows
    self.spareBytes = spareBytes
    self.stepsAhead = stepsAhead
    self.scores = scores
  }

  /// Whether any row outlives its step.
  var keepsRows: Bool { policy != .none }
}

/// Pulled rows that are kept for later steps: what a `CachePlan` decides, and the memory of the rows.
final class RowCache {
  let plan: CachePlan
  /// What the plan decided last.
  let decisions = GrowingBuffer<CachePlace>()
  private let rows: Int
  private let strideBytes: Int
  private let bytes: Buffer<UInt8>

  /// - Parameter rowsOfAStep: Different rows that a step needs, more or less.
  init(_ options: RowCacheOptions, strideBytes: Int, rowsOfAStep: Int) {
    // What steps under way can give up at most; fixed policies give nothing up.
    let wanted = options.policy == .window ? (options.stepsAhead + 1) * min(options.rows, rowsOfAStep) : 0
    let spare = min(options.spareBytes / max(1, strideBytes), wanted)
    plan = CachePlan(policy: options.policy, capacity: options.rows, spare: spare, scores: options.scores)
    rows = options.rows
    self.strideBytes = strideBytes
    bytes = Buffer(count: plan.slots * strideBytes)
  }

  /// Where the row in a slot begins.
  func row(_ slot: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(bytes.pointer) + slot &* strideBytes }

  /// All slots as a segment.
  func segment(_ elementType: ElementType) -> RowSegment {
    RowSegment(base: bytes.pointer, rows: plan.slots, strideBytes: strideBytes, elementType: elementType, owner: bytes)
  }

  /// Bytes of the rows that may be kept.
  var keptBytes: Int { rows * strideBytes }

  /// Bytes of the spare rows and the plan's books.
  var otherBytes: Int { (plan.slots - rows) * strideBytes + plan.bookkeepingBytes + decisions.capacity * MemoryLayout<CachePlace>.stride }
}
