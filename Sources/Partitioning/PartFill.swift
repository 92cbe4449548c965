import Tensors

/// What each part holds of every constraint beside its limits, for loops over all nodes; `LoadLedger` also knows how far limits are broken.
/// Letters: `k` parts, `C` constraints.
struct PartFill: Sendable {
  private let loads: NodeLoads
  private let columns: Int
  /// Shape (k, C).
  private let held: Buffer<Int>
  private let limits: Buffer<Int>

  init(_ loads: NodeLoads) {
    self.loads = loads
    columns = loads.constraintCount
    held = Buffer(count: loads.partCount * columns)
    limits = Buffer(count: held.count)
    for part in 0..<loads.partCount {
      for column in 0..<columns { limits.pointer[part * columns + column] = loads.limit(part, column) }
    }
  }

  @inline(__always)
  func add(_ node: Int, to part: Int) {
    let own = loads.row(node)
    for column in 0..<columns { held.pointer[part &* columns &+ column] &+= Int(own[column]) }
  }

  @inline(__always)
  func remove(_ node: Int, from part: Int) {
    let own = loads.row(node)
    for column in 0..<columns { held.pointer[part &* columns &+ column] &-= Int(own[column]) }
  }

  /// Whether `part` keeps every limit that `node` adds to.
  @inline(__always)
  func admits(_ node: Int, to part: Int) -> Bool {
    let own = loads.row(node)
    for column in 0..<columns where own[column] > 0 {
      let cell = part &* columns &+ column
      if held.pointer[cell] &+ Int(own[column]) > limits.pointer[cell] { return false }
    }
    return true
  }

  /// Whether `part` holds more of constraint `column` than it may.
  @inline(__always)
  func exceeds(_ part: Int, _ column: Int) -> Bool { held.pointer[part &* columns &+ column] > limits.pointer[part &* columns &+ column] }

  /// Whether `part` is above a limit.
  @inline(__always)
  func exceeds(_ part: Int) -> Bool { (0..<columns).contains { exceeds(part, $0) } }

  /// Whether all parts keep all limits.
  var isWithinLimits: Bool { (0..<held.count).allSatisfy { held.pointer[$0] <= limits.pointer[$0] } }

  /// Share of its limit that a part holds of the constraint of which it holds most.
  @inline(__always)
  func fullness(_ part: Int) -> Double {
    var most = 0.0
    for column in 0..<columns {
      let cell = part &* columns &+ column
      most = max(most, Double(held.pointer[cell]) / Double(limits.pointer[cell]))
    }
    return most
  }

  /// Share of its limit of constraint `column` that a part holds.
  func fullness(_ part: Int, _ column: Int) -> Double {
    Double(held.pointer[part &* columns &+ column]) / Double(limits.pointer[part &* columns &+ column])
  }

  /// How little room `part` has for what `node` brings: the shares of its limits that it holds, weighted by what the node adds to them.
  @inline(__always)
  func pressure(of node: Int, on part: Int) -> Double {
    let own = loads.row(node)
    var sum = 0.0
    for column in 0..<columns where own[column] > 0 {
      let cell = part &* columns &+ column
      let limit = Double(limits.pointer[cell])
      sum += Double(own[column]) / limit * (Double(held.pointer[cell]) / limit)
    }
    return sum
  }
}
