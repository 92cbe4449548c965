import Graphs
import Tensors

/// Small random graphs of every awkward kind, each a pure function of its seed.
struct RandomGraphs {
  private var key: RandomKey
  private var draws: UInt64 = 0

  init(seed: UInt64) { key = RandomKey(seed: seed, purpose: .generator) }

  /// A number below `bound`.
  mutating func next(below bound: Int) -> Int {
    draws += 1
    return Int(boundedIndex(key.bits(id: draws, step: 0)[0], below: UInt32(bound)))
  }

  /// Edges over `sources` × `destinations` nodes: none, a star, a clique, repeated pairs, or random ones with self loops.
  private mutating func edges(from sources: Int, to destinations: Int) -> EdgeList {
    var list: [(Int, Int)] = []
    guard sources > 0, destinations > 0 else { return EdgeList(sources: ArrayView(), destinations: ArrayView()) }
    switch next(below: 5) {
    case 0: break
    case 1: list = (0..<sources).map { ($0, 0) }
    case 2: for source in 0..<min(sources, 12) { list += (0..<min(destinations, 12)).map { (source, $0) } }
    case 3:
      let pair = (next(below: sources), next(below: destinations))
      list = (0..<next(below: 20)).map { _ in pair } + [(0, 0)]
    default:
      for _ in 0..<next(below: 4 * (sources + destinations)) { list.append((next(below: sources), next(below: destinations))) }
    }
    if next(below: 2) == 0 && sources == destinations { list += list.map { ($0.1, $0.0) } }
    return EdgeList(sources: ArrayView(list.map { UInt32($0.0) }), destinations: ArrayView(list.map { UInt32($0.1) }))
  }

  private mutating func nodes(_ count: Int) -> NodeData {
    var split = Split()
    for node in 0..<UInt32(count) {
      switch next(below: 5) {
      case 0: split.train.append(node)
      case 1: split.validation.append(node)
      case 2: split.test.append(node)
      default: break
      }
    }
    var tables: [String: FeatureTable] = [:]
    if next(below: 2) == 0 {
      let columns = [1, 3, 16, 20][next(below: 4)]
      tables["x"] = .dense(
        DenseRows(floats: Buffer(copying: (0..<count * columns).map { Float($0) * 0.5 }), rows: count, columns: columns))
    }
    if next(below: 3) == 0 {
      var indptr: [Int64] = [0]
      var indices: [UInt32] = []
      for _ in 0..<count {
        indices += (0..<10 as Range<UInt32>).filter { _ in next(below: 4) == 0 }
        indptr.append(Int64(indices.count))
      }
      tables["words"] = .sparse(
        SparseRows(
          rows: count, columns: 10, indptr: ArrayView(indptr), indices: ArrayView(indices),
          values: ArrayView(indices.map { Float($0) + 0.25 })))
    }
    let labels = next(below: 2) == 0 ? ArrayView((0..<count).map { Int32($0 % 4) - 1 }) : nil
    return NodeData(count: count, tables: tables, labels: labels, classCount: labels == nil ? 0 : 3, split: split)
  }

  /// A graph of up to forty nodes: plain, or with two node types and three relations.
  mutating func graph() -> RawGraph {
    if next(below: 3) > 0 {
      let count = 1 + next(below: 40)
      return RawGraph(name: "plain", schema: .plain, nodes: [nodes(count)], edges: [edges(from: count, to: count)])
    }
    let schema = Schema(
      nodeTypes: ["a", "b"],
      relations: [
        Relation(name: "ab", source: 0, destination: 1), Relation(name: "bb", source: 1, destination: 1),
        Relation(name: "ba", source: 1, destination: 0),
      ])
    let counts = [1 + next(below: 20), next(below: 20)]
    let lists = schema.relations.map { (counts[$0.source], counts[$0.destination]) }
    return RawGraph(
      name: "typed", schema: schema, nodes: counts.map { nodes($0) }, edges: lists.map { edges(from: $0.0, to: $0.1) })
  }
}
