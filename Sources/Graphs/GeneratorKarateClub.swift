import Tensors

extension Generators {
  /// The karate club: 34 members, 78 friendships written both ways, and the club each joined after the split.
  ///
  /// Label 0 is the instructor's faction (member 0), label 1 the administrator's (member 33). The table `feat` is the identity
  /// matrix. The split is ours: two members of each faction for training, eight members for validation, the others for test.
  ///
  /// Zachary, "An information flow model for conflict and fission in small groups", J. Anthropological Research 33, 1977.
  public static func karateClub() -> RawGraph {
    var sources = [UInt32]()
    var destinations = [UInt32]()
    for (member, friends) in laterFriends {
      for friend in friends {
        sources += [member, friend]
        destinations += [friend, member]
      }
    }
    let count = 34
    let identity = Buffer<Float>(count: count * count)
    for member in 0..<count { identity[member * count + member] = 1 }
    let labels = (0..<UInt32(count)).map { instructorsFaction.contains($0) ? Int32(0) : 1 }
    let split = Split(
      name: "factions", train: [0, 1, 32, 33], validation: [2, 5, 8, 13, 23, 27, 29, 31],
      test: [3, 4, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 28, 30])
    let data = NodeData(
      count: count, tables: ["feat": .dense(DenseRows(floats: identity, rows: count, columns: count))], labels: ArrayView(labels),
      classCount: 2, split: split)
    return RawGraph(
      name: "karate-club", schema: .plain, nodes: [data],
      edges: [EdgeList(sources: ArrayView(sources), destinations: ArrayView(destinations))])
  }

  private static let instructorsFaction: Set<UInt32> = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21]

  /// Each friendship once, under the member with the lower number.
  private static let laterFriends: KeyValuePairs<UInt32, [UInt32]> = [
    0: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
    1: [2, 3, 7, 13, 17, 19, 21, 30],
    2: [3, 7, 8, 9, 13, 27, 28, 32],
    3: [7, 12, 13],
    4: [6, 10],
    5: [6, 10, 16],
    6: [16],
    8: [30, 32, 33],
    9: [33],
    13: [33],
    14: [32, 33],
    15: [32, 33],
    18: [32, 33],
    19: [33],
    20: [32, 33],
    22: [32, 33],
    23: [25, 27, 29, 32, 33],
    24: [25, 27, 31],
    25: [31],
    26: [29, 33],
    27: [33],
    28: [31, 33],
    29: [32, 33],
    30: [32, 33],
    31: [32, 33],
    32: [33],
  ]
}
