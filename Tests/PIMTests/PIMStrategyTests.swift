import Kernels
import PIM
import Testing

/// Every strategy on random graphs: sums equal to a plain loop's, and times equal to those worked out without moving bytes.
@Suite struct PIMStrategyTests {
  private static let topologies: [PIMTopology] = [.small([3]), .small([2, 3]), .small([4, 4])]

  /// Slices, column parts and clusters that go with a topology.
  private func splits(_ topology: PIMTopology) -> [PIMStrategy] {
    [1, 2].flatMap { perRank in
      let clusters = topology.ranks * perRank
      return (1...clusters).filter { clusters % $0 == 0 }.map { PIMStrategy($0, clusters / $0, clustersPerRank: perRank) }
    }
  }

  @Test func twoHundredGraphsByEveryStrategy() throws {
    for seed in 0..<200 {
      var draws = Draws(UInt64(seed))
      let graph = Graph(&draws, destinations: draws.index(below: 25), sources: 1 + draws.index(below: 20), longest: 6)
      let topology = Self.topologies[seed % Self.topologies.count]
      let splits = splits(topology)
      for (number, layout) in PIMStrategy.layouts.enumerated() {
        var strategy = splits[(seed / 3 + number) % splits.count].with(layout)
        strategy.tasklets = 1 + draws.index(below: 6)
        strategy.streamBytes = [8, 32, 64][draws.index(below: 3)]
        let columns = strategy.columnParts + draws.index(below: 5)
        let values = (0..<graph.sourceCount * columns).map { _ in Int32(bitPattern: draws.word()) }
        let weights = (0..<graph.edgeCount).map { _ in Int32(bitPattern: draws.word()) }
        try checkIntegers(
          graph, strategy, topology, columns, values.map(Int8.init(truncatingIfNeeded:)), weights.map(Int8.init(truncatingIfNeeded:)))
        try checkIntegers(
          graph, strategy, topology, columns, values.map(Int16.init(truncatingIfNeeded:)), weights.map(Int16.init(truncatingIfNeeded:)))
        try checkIntegers(graph, strategy, topology, columns, values, weights)
        try checkFloats(graph, strategy, topology, columns, values.map { Float($0) * 0x1p-31 }, weights.map { Float($0) * 0x1p-31 })
      }
    }
  }

  /// Wide rows go through the scratchpad in pieces.
  @Test(arguments: [511, 512, 513, 700])
  func wideRows(columns: Int) throws {
    var draws = Draws(UInt64(columns))
    let graph = Graph(&draws, destinations: 6, sources: 5, longest: 4)
    let values = (0..<5 * columns).map { _ in Int32(bitPattern: draws.word()) }
    let weights = (0..<graph.edgeCount).map { _ in Int32(bitPattern: draws.word()) }
    for layout in PIMStrategy.layouts {
      var strategy = PIMStrategy(1, 1).with(layout)
      strategy.tasklets = 3
      try checkIntegers(graph, strategy, .small([2]), columns, values, weights)
    }
  }

  private func operations(_ strategy: PIMStrategy) -> [(PIMStrategy, PIMOperation)] {
    var added = strategy
    added.addOnly = true
    return [(strategy, .multiplyAdd), (added, .add), (strategy, .max)]
  }

  private func checkIntegers<Element: PIMElement & FixedWidthInteger & SignedInteger>(
    _ graph: Graph, _ strategy: PIMStrategy, _ topology: PIMTopology, _ columns: Int, _ values: [Element], _ weights: [Element]
  ) throws where Element.Sum == Int32 {
    var strategy = strategy
    strategy.elementType = Element.type
    for (strategy, operation) in operations(strategy) {
      let aggregation = try PIMAggregation(topology, strategy)
      let result = try aggregation.sums(graph, values, columns: columns, weights: weights, operation: operation)
      var expected: [Int32] = []
      var edge = 0
      for list in graph.lists {
        for column in 0..<columns {
          let terms = list.enumerated().map { offset, source -> Int32 in
            let value = Int32(values[Int(source) * columns + column])
            return operation == .multiplyAdd ? value &* Int32(weights[edge + offset]) : value
          }
          expected.append(operation == .max ? terms.max() ?? 0 : terms.reduce(0, &+))
        }
        edge += list.count
      }
      #expect(result.sums == expected, "\(strategy) \(operation)")
      try checkTimes(aggregation, graph, columns, operation, result.times)
    }
  }

  private func checkFloats(
    _ graph: Graph, _ strategy: PIMStrategy, _ topology: PIMTopology, _ columns: Int, _ values: [Float], _ weights: [Float]
  ) throws {
    var strategy = strategy
    strategy.elementType = .float32
    for (strategy, operation) in operations(strategy) {
      let aggregation = try PIMAggregation(topology, strategy)
      let result = try aggregation.sums(graph, values, columns: columns, weights: weights, operation: operation)
      var edge = 0
      for (row, list) in graph.lists.enumerated() {
        for column in 0..<columns {
          let terms = list.enumerated().map { offset, source -> Double in
            let value = Double(values[Int(source) * columns + column])
            return operation == .multiplyAdd ? value * Double(weights[edge + offset]) : value
          }
          let expected = operation == .max ? terms.max() ?? 0 : terms.reduce(0, +)
          // Terms are at most 1; each of the sums and products of an element is rounded once.
          let bound = Double(terms.count + 1) * Double(2 * terms.count + 2) * 0x1p-24
          #expect(abs(Double(result.sums[row * columns + column]) - expected) <= bound, "\(strategy) \(operation)")
        }
        edge += list.count
      }
      try checkTimes(aggregation, graph, columns, operation, result.times)
    }
  }

  private func checkTimes(
    _ aggregation: PIMAggregation, _ graph: Graph, _ columns: Int, _ operation: PIMOperation, _ times: PIMTimes
  ) throws {
    let counted = try aggregation.estimate(
      PIMDegrees(graph.edges, sourceCount: graph.sourceCount), columns: columns, operation: operation)
    #expect(counted == times, "\(aggregation.strategy) \(operation)")
  }
}
