import Collectives
import Tensors
import Testing

/// Gradients whose sums depend on the order of additions: exponents from 2^-20 to 2^20, both signs.
func gradient(part: Int, step: Int, count: Int) -> [Float] {
  (0..<count).map { element in
    let bits = mix64(UInt64(part) << 40 | UInt64(step) << 32 | UInt64(element))
    let magnitude = Float(sign: .plus, exponent: Int(bits >> 8 % 41) - 20, significand: 1 + Float(bits >> 40) / Float(1 << 24))
    return bits & 1 == 0 ? magnitude : -magnitude
  }
}

/// The sum as the design defines it, by plain recursion over aligned blocks; knows nothing of the code under test.
func recursiveSum<Value>(_ values: [[Value]], _ first: Int, _ span: Int, _ add: (Value, Value) -> Value) -> [Value]? {
  if first >= values.count { return nil }
  if span == 1 { return values[first] }
  let left = recursiveSum(values, first, span / 2, add)
  let right = recursiveSum(values, first + span / 2, span / 2, add)
  guard let left, let right else { return left ?? right }
  return zip(left, right).map(add)
}

private func reduced(
  parts: Int, workers: Int, count: Int, steps: Int = 1, threads: Int = 1,
  _ gradient: @escaping @Sendable (_ part: Int, _ step: Int) -> [Float]
) throws -> [[Float]] {
  let perWorker = try InProcessGroup.run(size: workers) { group in
    let assignment = try PartAssignment(parts: parts, workers: workers)
    let reducer = GradientReducer(group: group, assignment: assignment, elementCount: count, threads: Threads(threads))
    return try (0..<steps).map { step in
      for part in assignment.parts(of: group.rank) {
        _ = UnsafeMutableBufferPointer(start: reducer.gradientBuffer(), count: count).update(fromContentsOf: gradient(part, step))
        reducer.commit(part: part)
      }
      let sum = try reducer.reduce()
      var weights = [Float](repeating: .nan, count: count)
      for element in reducer.slice { weights[element] = sum[element - reducer.slice.lowerBound] }
      try weights.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { try reducer.allGather(weights: base) }
      }
      return weights
    }
  }
  for worker in perWorker.dropFirst() {
    #expect(worker.map { $0.map(\.bitPattern) } == perWorker[0].map { $0.map(\.bitPattern) }, "replicas differ")
  }
  return perWorker[0]
}

@Suite struct GradientReducerTests {
  @Test(arguments: 1...17)
  func sumsHaveTheBitsOfTheRecursiveFoldForEveryWorkerCount(_ parts: Int) throws {
    let count = 2 * 4096 + 77
    let expected = (0..<2).map { step in
      recursiveSum((0..<parts).map { gradient(part: $0, step: step, count: count) }, 0, 32, +)!.map(\.bitPattern)
    }
    for workers in 1...parts {
      let sums = try reduced(parts: parts, workers: workers, count: count, steps: 2) {
        gradient(part: $0, step: $1, count: count)
      }
      #expect(sums.map { $0.map(\.bitPattern) } == expected, "\(parts) parts on \(workers) workers")
    }
  }

  @Test func theNumberOfThreadsDoesNotChangeTheBits() throws {
    let count = 9 * 4096 + 1
    let one = try reduced(parts: 6, workers: 2, count: count) { gradient(part: $0, step: $1, count: count) }
    let four = try reduced(parts: 6, workers: 2, count: count, threads: 4) { gradient(part: $0, step: $1, count: count) }
    #expect(one == four)
  }

  @Test(arguments: [0, 1, 5, 4096, 4097]) func shortVectorsAreSummed(_ count: Int) throws {
    for workers in 1...4 {
      let sums = try reduced(parts: 4, workers: workers, count: count) { part, _ in
        [Float](repeating: Float(part + 1), count: count)
      }
      #expect(sums == [[Float](repeating: 10, count: count)])
    }
  }

  @Test func swappingTwoPartialSumsChangesTheBits() throws {
    // 2²⁴ + 1 is not a float32: (2²⁴ + 1) + (−2²⁴ + 1) = 1, and with the middle two swapped (2²⁴ − 2²⁴) + (1 + 1) = 2.
    let big = Float(1 << 24)
    let values: [Float] = [big, 1, -big, 1]
    for workers in 1...4 {
      #expect(try reduced(parts: 4, workers: workers, count: 1) { part, _ in [values[part]] } == [[1]])
      let swapped: [Float] = [big, -big, 1, 1]
      #expect(try reduced(parts: 4, workers: workers, count: 1) { part, _ in [swapped[part]] } == [[2]])
    }
    // Whatever two parts are swapped, unless they are the halves of one sum, some element of long gradients notices.
    let count = 1000
    let inOrder = try reduced(parts: 6, workers: 3, count: count) { gradient(part: $0, step: $1, count: count) }
    for first in 0..<6 {
      for second in first + 1..<6 where first ^ 1 != second {
        let exchanged = try reduced(parts: 6, workers: 3, count: count) { part, step in
          gradient(part: part == first ? second : part == second ? first : part, step: step, count: count)
        }
        #expect(exchanged != inOrder, "parts \(first) and \(second)")
      }
    }
  }

  @Test func onlyWholeBlocksTravelAndBytesAreCounted() throws {
    let count = 8 * 4096
    let traffic = try InProcessGroup.run(size: 2) { group in
      // Worker 0 of parts 0‥2 keeps two blocks, 0‥1 and 2; worker 1 of 3‥5 keeps two, 3 and 4‥5.
      let assignment = try PartAssignment(parts: 6, workers: 2)
      let reducer = GradientReducer(group: group, assignment: assignment, elementCount: count, threads: Threads(1))
      for part in assignment.parts(of: group.rank) {
        reducer.gradientBuffer().update(repeating: 1, count: count)
        reducer.commit(part: part)
      }
      _ = try reducer.reduce()
      try reducer.allGather(weights: reducer.gradientBuffer())
      return reducer.traffic
    }
    let half = 4 * count / 2
    for worker in traffic {
      #expect(worker.gradientBytesSent == 2 * half && worker.gradientBytesReceived == 2 * half)
      #expect(worker.weightBytesSent == half && worker.weightBytesReceived == half)
    }
  }

  @Test(arguments: 1...9) func orderedSumsFollowTheTreeOnEveryWorker(_ parts: Int) throws {
    let values = (0..<parts).map { part in
      gradient(part: part, step: 3, count: 50).map { Double($0) * 1.1 }
    }
    let expected = recursiveSum(values, 0, 16, +)!.map(\.bitPattern)
    for workers in 1...parts {
      let sums = try InProcessGroup.run(size: workers) { group in
        let assignment = try PartAssignment(parts: parts, workers: workers)
        let reducer = GradientReducer(group: group, assignment: assignment, elementCount: 10, threads: Threads(1))
        let own = assignment.parts(of: group.rank)
        return try reducer.orderedSum(Dictionary(uniqueKeysWithValues: own.map { ($0, values[$0]) }))
      }
      for sum in sums { #expect(sum.map(\.bitPattern) == expected, "\(parts) parts on \(workers) workers") }
    }
  }

  @Test func orderedSumsSkipAbsentPartsAndRefuseUnequalLengths() throws {
    func sums(_ vectors: @escaping @Sendable (Int) -> [Int: [Double]]) throws -> [[Double]] {
      try InProcessGroup.run(size: 2) { group in
        let assignment = try PartAssignment(parts: 4, workers: 2)
        let reducer = GradientReducer(group: group, assignment: assignment, elementCount: 10, threads: Threads(1))
        return try reducer.orderedSum(vectors(group.rank))
      }
    }
    #expect(try sums { $0 == 0 ? [1: [1, 2]] : [2: [10, 20], 3: [100, 200]] } == [[111, 222], [111, 222]])
    #expect(try sums { _ in [:] } == [[], []])
    #expect(throws: CollectiveError.self) { try sums { $0 == 0 ? [0: [1]] : [2: [1, 2]] } }
  }

  @Test func partsOutOfOrderTrap() async {
    await #expect(processExitsWith: .failure) {
      let assignment = try PartAssignment(parts: 2, workers: 1)
      let reducer = GradientReducer(group: InProcessGroup.alone(), assignment: assignment, elementCount: 1, threads: Threads(1))
      _ = reducer.gradientBuffer()
      reducer.commit(part: 1)
    }
  }

  @Test func memoryGrowsWithTheLogarithmOfTheParts() throws {
    let assignment = try PartAssignment(parts: 64, workers: 1)
    let reducer = GradientReducer(group: InProcessGroup.alone(), assignment: assignment, elementCount: 16, threads: Threads(1))
    var places: Set<UnsafeMutablePointer<Float>> = []
    for _ in 0..<3 {
      for part in 0..<64 {
        let place = reducer.gradientBuffer()
        places.insert(place)
        place.update(repeating: 1, count: 16)
        reducer.commit(part: part)
      }
      #expect(try reducer.reduce()[15] == 64)
    }
    #expect(places.count <= 7)
  }
}
