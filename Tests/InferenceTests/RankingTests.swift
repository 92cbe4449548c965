import Collectives
import Inference
import Tensors
import Testing

@Suite struct RankingTests {
  /// Literal values of scikit-learn 1.9: `roc_auc_score` and `average_precision_score`; three nodes are tied.
  @Test func literalScores() throws {
    let scores: [Float] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4, 0.05]
    let positive = [false, false, true, true, true, true, false, false]
    let ranking = try #require(Ranking(zip(scores, positive).map { (score: $0, isPositive: $1) }))
    #expect(ranking.auc == 0.8125)
    #expect(abs(ranking.averagePrecision - 0.8166666666666667) < 1e-15)
  }

  /// Some scores with many ties, negative ones and both zeros among them.
  private func nodes(_ seed: UInt64) -> [(score: Float, isPositive: Bool)] {
    let key = RandomKey(seed: seed, purpose: .generator)
    return (0..<Int(5 + seed * 3)).map { index in
      let bits = key.bits(id: UInt64(index), step: 0)
      let score = Float(Int(boundedIndex(bits[0], below: 9)) - 4) / 4
      return (bits[1] & 1 == 0 ? score : -score, boundedIndex(bits[2], below: 3) == 0)
    }
  }

  /// The share of ordered pairs, counted pair by pair.
  private func auc(_ nodes: [(score: Float, isPositive: Bool)]) -> Double? {
    var (wins, pairs) = (0.0, 0)
    for a in nodes where a.isPositive {
      for b in nodes where !b.isPositive {
        wins += a.score > b.score ? 1 : a.score == b.score ? 0.5 : 0
        pairs += 1
      }
    }
    return pairs > 0 ? wins / Double(pairs) : nil
  }

  /// `Σ_t (R_t − R_{t−1})·P_t`, every threshold counted from scratch.
  private func averagePrecision(_ nodes: [(score: Float, isPositive: Bool)]) -> Double {
    let positives = Double(nodes.count { $0.isPositive })
    var (sum, recall) = (0.0, 0.0)
    for threshold in Set(nodes.map(\.score)).sorted(by: >) {
      let given = nodes.filter { $0.score >= threshold }
      let right = Double(given.count { $0.isPositive })
      sum += (right / positives - recall) * right / Double(given.count)
      recall = right / positives
    }
    return sum
  }

  @Test(arguments: 0..<40)
  func equalsTheCountOfPairs(seed: Int) throws {
    let nodes = nodes(UInt64(seed))
    guard let expected = auc(nodes) else {
      #expect(Ranking(nodes) == nil)
      return
    }
    let ranking = try #require(Ranking(nodes))
    #expect(abs(ranking.auc - expected) < 1e-14)
    #expect(abs(ranking.averagePrecision - averagePrecision(nodes)) < 1e-12)
    #expect(Ranking(nodes.reversed()) == ranking, "no order of the nodes changes a bit")
  }

  @Test func withoutBothKindsThereIsNoRanking() {
    #expect(Ranking([(score: 1, isPositive: true), (score: 2, isPositive: true)]) == nil)
    #expect(Ranking([(score: 1, isPositive: false)]) == nil)
    #expect(Ranking([(score: Float, isPositive: Bool)]()) == nil)
  }

  @Test func scoresThatSayNothingAreOneHalf() throws {
    let ranking = try #require(Ranking((0..<10).map { (score: $0 % 2 == 0 ? 0 : -0.0, isPositive: $0 < 4) }))
    #expect(ranking.auc == 0.5 && ranking.averagePrecision == 0.4, "both zeros are one score")
  }

  /// Columns of some nodes spread over workers: the same as those of one.
  @Test(arguments: 1...4)
  func anyNumberOfWorkersRanksTheSame(workers: Int) throws {
    let columns = (0..<5).map { nodes(UInt64(7 + $0)) } + [[(score: 1, isPositive: true)]]
    let expected = columns.map { Ranking($0) }
    #expect(expected[5] == nil && expected[0] != nil)
    let found = try InProcessGroup.run(size: workers) { group in
      var ranked = RankedColumns(columns: columns.count)
      for (column, nodes) in columns.enumerated() {
        for (index, node) in nodes.enumerated() where index * workers / nodes.count == group.rank {
          ranked.add(score: node.score, isPositive: node.isPositive, column: column)
        }
      }
      return try ranked.rank(in: group, threads: Threads(2))
    }
    for ranking in found { #expect(ranking == expected) }
  }
}
