import Tensors

/// Where the groups of `Generators.Communities` lie: nodes in planted order, before ids are permuted.
struct CommunityPlan: Sendable {
  private let nodes: Int
  private let groupSize: Int
  private let groups: Int
  private let superGroups: Int
  private let classes: Int
  private let labelLevel: Generators.Communities.Level
  private let key: RandomKey
  // Upper ends of the levels among 2³² equally likely draws.
  private let groupEnd: UInt64
  private let superGroupEnd: UInt64

  init(_ options: Generators.Communities) {
    nodes = options.nodes
    groupSize = options.groupSize
    groups = options.groups
    superGroups = options.superGroups
    classes = options.classes
    labelLevel = options.labelLevel
    key = Generators.key(options.seed, .edges)
    groupEnd = Generators.threshold(options.groupShare)
    superGroupEnd = Generators.threshold(options.groupShare + options.superGroupShare)
  }

  func group(_ position: Int) -> Int { position / groupSize }

  /// Super-group s holds the groups from ⌈s·G/S⌉ up to ⌈(s + 1)·G/S⌉.
  func superGroup(_ position: Int) -> Int { group(position) * superGroups / groups }

  /// The label of a node before noise.
  func trueClass(_ position: Int) -> Int {
    (labelLevel == .group ? group(position) : superGroup(position)) % max(1, classes)
  }

  private func groupMembers(_ position: Int) -> Range<Int> {
    let first = group(position) * groupSize
    return first..<min(nodes, first + groupSize)
  }

  private func superGroupMembers(_ position: Int) -> Range<Int> {
    let number = superGroup(position)
    let first = (number * groups + superGroups - 1) / superGroups
    let end = ((number + 1) * groups + superGroups - 1) / superGroups
    return first * groupSize..<min(nodes, end * groupSize)
  }

  /// The two different ends of undirected edge `number`; where a level holds one node only, the next wider one is used.
  @inline(__always)
  func pair(_ number: Int) -> (Int, Int) {
    let bits = key.bits(id: UInt64(number), step: 0)
    let (first, level) = Generators.bounded(bits, below: UInt64(nodes))
    let a = Int(first)
    var range = 0..<nodes
    if UInt64(level) < superGroupEnd { range = superGroupMembers(a) }
    if UInt64(level) < groupEnd && (groupSize > 1 && groupMembers(a).count > 1) { range = groupMembers(a) }
    if range.count < 2 { range = 0..<nodes }
    let other = Generators.bounded(SIMD4(bits[2], bits[3], 0, 0), below: UInt64(range.count - 1)).index
    let b = range.lowerBound + Int(other)
    return (a, b < a ? b : b + 1)
  }
}
