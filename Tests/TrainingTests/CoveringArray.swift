/// Rows of choices, one level of every factor, in which every pair of levels of any two factors occurs.
///
/// Built greedily: each row begins with a pair that is missing and takes, factor by factor, the level that covers most missing
/// pairs, the lowest of several. A pure function of the factors.
struct CoveringArray {
  /// Levels of each factor.
  let levels: [Int]
  private(set) var rows: [[Int]] = []

  struct Pair: Hashable, Comparable {
    var first: Int
    var firstLevel: Int
    var second: Int
    var secondLevel: Int

    static func < (a: Pair, b: Pair) -> Bool {
      (a.first, a.second, a.firstLevel, a.secondLevel) < (b.first, b.second, b.firstLevel, b.secondLevel)
    }
  }

  init(levels: [Int]) {
    self.levels = levels
    var missing = Self.allPairs(levels)
    while let next = missing.min() {
      var row = [Int?](repeating: nil, count: levels.count)
      (row[next.first], row[next.second]) = (next.firstLevel, next.secondLevel)
      for factor in levels.indices where row[factor] == nil {
        func gain(_ level: Int) -> Int {
          levels.indices.count { other in
            guard other != factor, let chosen = row[other] else { return false }
            return missing.contains(Self.pair(factor, level, other, chosen))
          }
        }
        let gains = (0..<levels[factor]).map(gain)
        row[factor] = gains.firstIndex(of: gains.max()!)!
      }
      let complete = row.map { $0! }
      missing.subtract(Self.pairs(of: complete))
      rows.append(complete)
    }
  }

  static func allPairs(_ levels: [Int]) -> Set<Pair> {
    var all: Set<Pair> = []
    for first in levels.indices {
      for second in levels.indices.dropFirst(first + 1) {
        for firstLevel in 0..<levels[first] {
          for secondLevel in 0..<levels[second] { all.insert(pair(first, firstLevel, second, secondLevel)) }
        }
      }
    }
    return all
  }

  static func pairs(of row: [Int]) -> Set<Pair> {
    var all: Set<Pair> = []
    for first in row.indices { for second in row.indices.dropFirst(first + 1) { all.insert(pair(first, row[first], second, row[second])) } }
    return all
  }

  private static func pair(_ a: Int, _ aLevel: Int, _ b: Int, _ bLevel: Int) -> Pair {
    a < b
      ? Pair(first: a, firstLevel: aLevel, second: b, secondLevel: bLevel)
      : Pair(first: b, firstLevel: bLevel, second: a, secondLevel: aLevel)
  }
}
