import KVStore
import Tensors
import Testing

/// Follows a plan as a worker with a pipeline does: what each slot holds, and which steps still read it.
struct SimulatedCache {
  /// Pulled rows of each step.
  private(set) var pulls: [Int] = []
  private var contents: [Int64?]
  /// The last step that reads each slot.
  private var readUntil: [Int]
  /// Rows kept from one step to the next because a later one found them, by the first of the two.
  private var kept: [Int]
  private let plan: CachePlan

  /// Runs all steps of a trace and checks that every hit finds its row, that no slot is filled while steps under way read it, and that no
  /// more rows than `capacity` are kept.
  ///
  /// - Parameters:
  ///   - window: Steps that are announced when one is decided, itself included.
  ///   - depth: Steps that are decided and not computed when the next is decided.
  ///   - check: Called after each step.
  init(
    _ plan: CachePlan, _ trace: RowTrace, capacity: Int, window: Int, depth: Int, place: String, check: (_ step: Int) -> Void = { _ in }
  ) {
    self.plan = plan
    contents = Array(repeating: nil, count: plan.slots)
    readUntil = Array(repeating: -1, count: plan.slots)
    kept = Array(repeating: 0, count: trace.stepCount)
    let places = GrowingBuffer<CachePlace>()
    var announced = 0
    for step in 0..<trace.stepCount {
      while announced < min(trace.stepCount, step + window) {
        Array(trace.ids[trace.positions(of: announced)]).withUnsafeBufferPointer { plan.announce($0) }
        announced += 1
      }
      plan.finished(before: step - depth)
      plan.decide(into: places)
      follow(places.readOnly, trace, step: step, firstUnfinished: max(0, step - depth), place: place)
      #expect(plan.keptRows <= capacity, "\(place), step \(step)")
      check(step)
    }
    for (step, count) in kept.enumerated() { #expect(count <= capacity, "\(place): \(count) rows wait after step \(step)") }
  }

  private mutating func follow(
    _ places: UnsafeBufferPointer<CachePlace>, _ trace: RowTrace, step: Int, firstUnfinished: Int, place name: String
  ) {
    #expect(places.count == trace.positions(of: step).count, "\(name), step \(step)")
    var pulled = 0
    for (place, id) in zip(places, trace.ids[trace.positions(of: step)]) {
      if place.isPulled { pulled += 1 }
      guard let slot = place.slot else { continue }
      guard slot < contents.count else {
        Issue.record("\(name), step \(step): slot \(slot) of \(contents.count)")
        continue
      }
      if place.isPulled {
        #expect(readUntil[slot] < firstUnfinished, "\(name), step \(step): slot \(slot) is filled while step \(readUntil[slot]) reads it")
        contents[slot] = id
      } else {
        #expect(contents[slot] == id, "\(name), step \(step): slot \(slot)")
        for waiting in readUntil[slot]..<step { kept[waiting] += 1 }
      }
      readUntil[slot] = step
    }
    pulls.append(pulled)
  }
}

/// Traces of few rows, some needed often, others seldom.
enum RandomTrace {
  /// - Parameters:
  ///   - rows: Ids to choose from, which are `spread` apart.
  ///   - density: Probability that a step needs the most common row; that of others falls to none.
  static func make(seed: UInt64, rows: Int, steps: Int, density: Double = 0.9, spread: Int64 = 1) -> RowTrace {
    let key = RandomKey(seed: seed, purpose: .generator)
    var trace = RowTrace()
    for step in 0..<steps {
      trace.append(
        (0..<rows).filter { row in
          let bits = key.bits(id: UInt64(row), step: UInt32(step))
          return Double(bits[0]) / 4_294_967_296 < density * (1 - Double(row) / Double(rows))
        }.map { Int64($0) * spread })
    }
    return trace
  }
}
