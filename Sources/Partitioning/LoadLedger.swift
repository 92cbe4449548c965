/// What every part holds, and how far that is above the limits. Letters: `k` parts, `C` constraints.
struct LoadLedger {
  let loads: NodeLoads
  /// Nodes of each part.
  private(set) var sizes: [Int]
  /// Shape (k, C), row-major.
  private var held: [Int]
  /// Mean part of each constraint: the unit in which overloads of different constraints are compared.
  private let mean: [Double]

  init(_ loads: NodeLoads, parts: [UInt16]) {
    self.loads = loads
    mean = loads.totals.map { Double($0) / Double(loads.partCount) }
    sizes = [Int](repeating: 0, count: loads.partCount)
    held = [Int](repeating: 0, count: loads.partCount * loads.constraintCount)
    for (node, part) in parts.enumerated() { add(node, to: Int(part)) }
  }

  /// How far a part is above its limits, summed over the constraints, in mean parts.
  func overload(of part: Int) -> Double {
    var sum = 0.0
    for column in 0..<loads.constraintCount { sum += excess(part, column, change: 0) }
    return sum
  }

  /// Overload of all parts.
  var overload: Double { (0..<loads.partCount).reduce(0) { $0 + overload(of: $1) } }

  /// True when `part` holds more of constraint `column` than it may.
  func exceeds(_ part: Int, _ column: Int) -> Bool { held[part * loads.constraintCount + column] > loads.limit(part, column) }

  /// What `part` holds of constraint `column`.
  func load(_ part: Int, _ column: Int) -> Int { held[part * loads.constraintCount + column] }

  /// Change of the overload when `node` moves; negative is better.
  func change(moving node: Int, from source: Int, to target: Int) -> Double {
    let row = loads.row(node)
    var sum = 0.0
    for column in 0..<loads.constraintCount {
      let amount = Int(row[column])
      guard amount > 0 else { continue }
      sum += excess(source, column, change: -amount) - excess(source, column, change: 0)
      sum += excess(target, column, change: amount) - excess(target, column, change: 0)
    }
    return sum
  }

  /// Change of the overload when a node with loads `left` in `source` and one with `right` in `target` change places.
  func change(
    exchanging left: UnsafePointer<UInt32>, in source: Int, with right: UnsafePointer<UInt32>, in target: Int
  ) -> Double {
    var sum = 0.0
    for column in 0..<loads.constraintCount {
      let amount = Int(left[column]) - Int(right[column])
      guard amount != 0 else { continue }
      sum += excess(source, column, change: -amount) - excess(source, column, change: 0)
      sum += excess(target, column, change: amount) - excess(target, column, change: 0)
    }
    return sum
  }

  /// True when `part` stays within every limit after taking `node`.
  func admits(_ node: Int, to part: Int) -> Bool {
    let row = loads.row(node)
    for column in 0..<loads.constraintCount {
      let amount = Int(row[column])
      if amount > 0, load(part, column) + amount > loads.limit(part, column) { return false }
    }
    return true
  }

  mutating func move(_ node: Int, from source: Int, to target: Int) {
    let row = loads.row(node)
    for column in 0..<loads.constraintCount { held[source * loads.constraintCount + column] -= Int(row[column]) }
    sizes[source] -= 1
    add(node, to: target)
  }

  private mutating func add(_ node: Int, to part: Int) {
    let row = loads.row(node)
    for column in 0..<loads.constraintCount { held[part * loads.constraintCount + column] += Int(row[column]) }
    sizes[part] += 1
  }

  private func excess(_ part: Int, _ column: Int, change: Int) -> Double {
    Double(max(0, load(part, column) + change - loads.limit(part, column))) / mean[column]
  }
}
