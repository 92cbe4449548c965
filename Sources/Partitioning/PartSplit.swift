import Partitions
import Tensors

/// Cuts the parts of an assignment into more, each by METIS on the graph inside it.
struct PartSplit {
  private let adjacency: Adjacency
  private let loads: NodeLoads
  private let members: PartMembers
  private let partCount: Int
  private let nodeCount: Int

  init(_ adjacency: Adjacency, loads: NodeLoads, parts: [UInt16], partCount: Int) {
    self.adjacency = adjacency
    self.loads = loads
    members = PartMembers(parts, partCount: partCount)
    self.partCount = partCount
    nodeCount = parts.count
  }

  /// The new part of each node; the pieces of a part have consecutive numbers.
  func run(seed: UInt64) throws(METISError) -> [UInt16] {
    var result = [UInt16](repeating: 0, count: nodeCount)
    let locals = Buffer<Int32>(count: nodeCount)
    var first = 0
    for (part, pieces) in piecesOfParts().enumerated() {
      let nodes = members[part]
      if pieces == 1 {
        for node in nodes { result[Int(node)] = UInt16(first) }
      } else {
        let shares = (try? PartShares(weights: Array(loads.shares.weights[first..<first + pieces]), partCount: pieces))
        let search = METISSearch(
          adjacency: inside(nodes, locals: locals), loads: loads(of: nodes, shares: shares ?? PartShares(equal: pieces)), seed: seed)
        let found = try search.run { _ in }
        for (row, node) in nodes.enumerated() { result[Int(node)] = UInt16(first) + found.parts[row] }
      }
      first += pieces
    }
    return result
  }

  /// Into how many each part is cut: one more at a time for the part whose pieces are largest.
  private func piecesOfParts() -> [Int] {
    var pieces = [Int](repeating: 1, count: partCount)
    let sizes = (0..<partCount).map { part -> Double in
      var sum = 0.0
      for node in members[part] {
        for column in 0..<loads.constraintCount { sum += Double(loads.row(Int(node))[column]) / Double(loads.totals[column]) }
      }
      return sum
    }
    var queue = MoveQueue()
    for part in 0..<partCount where members[part].count > 1 { queue.insert(CandidateMove(price: -sizes[part], node: part, target: 0)) }
    for _ in partCount..<loads.partCount {
      guard let largest = queue.popCheapest() else { break }
      let part = largest.node
      pieces[part] += 1
      if members[part].count > pieces[part] {
        queue.insert(CandidateMove(price: -sizes[part] / Double(pieces[part]), node: part, target: 0))
      }
    }
    return pieces
  }

  /// The graph of `nodes` and the edges between them.
  ///
  /// - Parameter locals: All zero before and after; room for a number a node.
  private func inside(_ nodes: ArrayView<UInt32>, locals: Buffer<Int32>) -> Adjacency {
    for (row, node) in nodes.enumerated() { locals.pointer[Int(node)] = Int32(row + 1) }
    defer { for node in nodes { locals.pointer[Int(node)] = 0 } }
    let offsets = Buffer<Int32>(count: nodes.count + 1)
    var (neighbours, weights): ([Int32], [Int32]) = ([], [])
    for (row, node) in nodes.enumerated() {
      for entry in adjacency.row(Int(node)) {
        let local = locals.pointer[Int(adjacency.neighbours.pointer[entry])]
        guard local > 0 else { continue }
        neighbours.append(local - 1)
        if adjacency.weights != nil { weights.append(Int32(adjacency.weight(entry))) }
      }
      offsets.pointer[row + 1] = Int32(neighbours.count)
    }
    return Adjacency(
      offsets: offsets, neighbours: Buffer(copying: neighbours), weights: adjacency.weights == nil ? nil : Buffer(copying: weights))
  }

  /// The loads of `nodes`, without the constraints that count nothing there; the nodes themselves where none is left.
  private func loads(of nodes: ArrayView<UInt32>, shares: PartShares) -> NodeLoads {
    let columns = (0..<loads.constraintCount).filter { column in nodes.contains { loads.row(Int($0))[column] > 0 } }
    guard !columns.isEmpty else {
      return NodeLoads(
        values: Buffer(copying: [UInt32](repeating: 1, count: nodes.count)), tolerances: [loads.tolerances[0]], shares: shares)
    }
    let values = Buffer<UInt32>(count: nodes.count * columns.count)
    for (row, node) in nodes.enumerated() {
      for (index, column) in columns.enumerated() { values.pointer[row * columns.count + index] = loads.row(Int(node))[column] }
    }
    return NodeLoads(values: values, tolerances: columns.map { loads.tolerances[$0] }, shares: shares)
  }
}
