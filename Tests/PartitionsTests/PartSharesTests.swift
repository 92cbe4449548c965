import Partitions
import Tensors
import Testing

@Suite struct PartSharesTests {
  private func limits(_ weights: [Double], total: Int, tolerance: Double) throws -> [Int] {
    let shares = try PartShares(weights: weights, partCount: weights.count)
    return weights.indices.map { shares.limit(of: $0, total: total, tolerance: tolerance) }
  }

  @Test func limitsFollowTheTargetsOfTheParts() throws {
    #expect(try limits([2, 1, 1], total: 100, tolerance: 0.05) == [52, 26, 26])
    #expect(try limits([2, 1, 1], total: 400, tolerance: 0.05) == [210, 105, 105])
    #expect(try limits([2, 1, 1], total: 7, tolerance: 0) == [4, 2, 2])
    #expect(try limits([3, 1], total: 8, tolerance: 0) == [6, 2])
    #expect(try limits([1, 9], total: 10, tolerance: 4) == [5, 10])
    #expect(try limits([2, 1], total: 0, tolerance: 0.05) == [0, 0])
    #expect(try limits([1, 1000], total: 5, tolerance: 0) == [1, 5])
  }

  @Test func equalWeightsAreNoWeights() throws {
    let shares = try PartShares(weights: [3, 3, 3], partCount: 3)
    #expect(shares.areEqual && shares == PartShares(equal: 3))
    #expect(try PartShares(weights: [], partCount: 4) == PartShares(equal: 4))
    for total in 0..<200 {
      for tolerance in [0, 0.02, 0.05, 0.3] {
        #expect(
          shares.limit(of: 1, total: total, tolerance: tolerance) == PartLoads.limit(total: total, partCount: 3, tolerance: tolerance))
      }
    }
    #expect(shares.imbalance([1, 2, 6]) == PartLoads(counts: [1, 2, 6]).imbalance)
  }

  @Test func limitsAlwaysLeaveRoomForEverything() throws {
    for seed in 0..<300 as Range<UInt64> {
      let key = RandomKey(seed: seed, purpose: .generator)
      let count = 1 + Int(key.bits(id: 0, step: 0)[0] % 9)
      let weights = (0..<count).map { 0.1 + Double(key.bits(id: UInt64($0), step: 1)[0] % 1000) / 7 }
      let total = Int(key.bits(id: 0, step: 2)[0] % 3000)
      #expect(try limits(weights, total: total, tolerance: 0).reduce(0, +) >= total, "\(weights), \(total)")
    }
  }

  @Test func theWorstPartIsNamed() throws {
    let shares = try PartShares(weights: [2, 1, 1], partCount: 3)
    #expect(shares.imbalance([60, 20, 20]) == 1.2)
    #expect(shares.imbalance([50, 30, 20]) == 1.2)
    #expect(shares.imbalance([0, 0, 0]) == 1)
    let unmet = try #require(shares.unmet([40, 35, 25], constraint: "nodes", tolerance: 0.05))
    #expect(unmet.part == 1 && abs(unmet.excess - 0.4) < 1e-12)
    #expect(unmet.description == "nodes: part 1 is 40.00 % above its target, 5.00 % asked")
    #expect(shares.unmet([52, 26, 22], constraint: "nodes", tolerance: 0.05) == nil)
    let equal = try #require(PartShares(equal: 2).unmet([3, 1], constraint: "edges", tolerance: 0.1))
    #expect(equal == UnmetTolerance(constraint: "edges", tolerance: 0.1, excess: 0.5))
  }

  @Test func weightsThatAreNoneAreRefused() {
    for weights in [[1, 2], [1, 0, 1], [1, -1, 1], [1, .nan, 1], [1, .infinity, 1], [.leastNonzeroMagnitude, 1e300, 1]] as [[Double]] {
      let error = #expect(throws: InputError.self) { try PartShares(weights: weights, partCount: 3) }
      #expect(error?.place == "part weights")
    }
    #expect(throws: InputError("part weights", expected: "3 numbers above 0, one for each part", found: "2")) {
      try PartShares(weights: [1, 2], partCount: 3)
    }
  }
}
