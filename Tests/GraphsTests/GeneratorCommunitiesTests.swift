import Graphs
import Tensors
import Testing

@Suite struct GeneratorCommunitiesTests {
  private func feat(_ graph: RawGraph) -> [Float] {
    guard case .dense(let rows)? = graph.nodes[0].tables["feat"] else { return [] }
    return rows.bytes.withContiguousStorage { Array(UnsafeRawBufferPointer($0).bindMemory(to: Float.self)) }
  }

  @Test func sameSeedGivesTheSameBitsForAnyThreadCount() throws {
    var options = Generators.Communities(nodes: 3001, edges: 100_000, groupSize: 100, superGroups: 7, seed: 4)
    options.classes = 5
    options.features = 9
    options.groupSignal = 0.1
    options.labelNoise = 0.1
    let graph = try options.generate(threads: Threads(1))
    for threads in 2...4 {
      let other = try options.generate(threads: Threads(threads))
      #expect(Array(graph.edges[0].sources) == Array(other.edges[0].sources))
      #expect(Array(graph.edges[0].destinations) == Array(other.edges[0].destinations))
      #expect(Array(graph.nodes[0].labels!) == Array(other.nodes[0].labels!))
      #expect(feat(graph) == feat(other))
      #expect(graph.nodes[0].split == other.nodes[0].split)
    }
  }

  private func rows(_ graph: RawGraph) -> [Float] {
    guard case .dense(let rows)? = graph.edges[0].tables["feat"] else { return [] }
    return rows.bytes.withContiguousStorage { Array(UnsafeRawBufferPointer($0).bindMemory(to: Float.self)) }
  }

  @Test func rowsOfEdgesTellBothEndsAndChangeNothingElse() throws {
    var options = Generators.Communities(nodes: 600, edges: 60_000, groupSize: 100, superGroups: 6, seed: 4)
    options.classes = 6
    options.features = 3
    let without = try options.generate(threads: Threads(1))
    #expect(without.edges[0].tables.isEmpty)
    options.edgeFeatures = 4
    options.featureNoise = 0.5
    options.classSignal = 1
    let graph = try options.generate(threads: Threads(1))
    let values = rows(graph)
    #expect(values == rows(try options.generate(threads: Threads(3))))
    #expect(Array(graph.edges[0].sources) == Array(without.edges[0].sources) && values.count == 4 * 60_000)
    // The mean row of all edges between two classes is what the classes add: the noise of thousands of rows is gone.
    let labels = graph.nodes[0].labels!
    var sums = [Double](repeating: 0, count: 36 * 4)
    var counts = [Double](repeating: 0, count: 36)
    for edge in 0..<graph.edges[0].count {
      let pair = Int(labels[Int(graph.edges[0].sources[edge])]) * 6 + Int(labels[Int(graph.edges[0].destinations[edge])])
      counts[pair] += 1
      for column in 0..<4 { sums[pair * 4 + column] += Double(values[edge * 4 + column]) }
    }
    func mean(_ source: Int, _ destination: Int, _ column: Int) -> Double {
      sums[(source * 6 + destination) * 4 + column] / counts[source * 6 + destination]
    }
    var ofSources = 0.0
    for a in 0..<6 {
      for b in 0..<6 {
        for column in 0..<4 {
          // What one end adds does not depend on the other; five standard deviations of the four means.
          let rest = mean(a, b, column) - mean(a, a, column) - mean(b, b, column) + mean(b, a, column)
          let few = min(counts[a * 6 + b], counts[b * 6 + a], counts[a * 7], counts[b * 7])
          #expect(abs(rest) < 5 * 0.5 * 2 / few.squareRoot())
          ofSources = max(ofSources, abs(mean(a, b, column) - mean(b, b, column)))
        }
      }
    }
    #expect(ofSources > 0.5)
  }

  @Test func graphsOfASeedStayWhatTheyAre() throws {
    var options = Generators.Communities(nodes: 500, edges: 5000, groupSize: 50, superGroups: 4, seed: 3)
    options.classes = 4
    options.features = 5
    let graph = try options.generate(threads: Threads(2))
    let digests = [
      Array(graph.edges[0].sources).withUnsafeBytes { Checksum.of($0) },
      Array(graph.edges[0].destinations).withUnsafeBytes { Checksum.of($0) },
      feat(graph).withUnsafeBytes { Checksum.of($0) }, Array(graph.nodes[0].labels!).withUnsafeBytes { Checksum.of($0) },
    ]
    #expect(
      digests == [
        "90e02b329fb9dbec2b230ba5b3f71a89", "a9c528d1b859dbd42d28e6bbd12bd137", "25cd9440bd87d1abbcd77277f6003822",
        "0a0aa3f8932aba71c213bc241d929117",
      ])
  }

  @Test func everyEdgeIsFollowedByItsReverseAndNoneIsALoop() throws {
    for (nodes, size, supers) in [(2, 1, 1), (2, 2, 1), (7, 3, 2), (100, 1, 100), (101, 10, 3)] {
      for seed in 0..<20 as Range<UInt64> {
        let options = Generators.Communities(nodes: nodes, edges: 200, groupSize: size, superGroups: supers, seed: seed)
        let list = try options.generate(threads: Threads(1)).edges[0]
        for edge in stride(from: 0, to: list.count, by: 2) {
          #expect(list.sources[edge] == list.destinations[edge + 1] && list.sources[edge + 1] == list.destinations[edge])
          #expect(list.sources[edge] != list.destinations[edge] && list.sources[edge] < nodes && list.destinations[edge] < nodes)
        }
      }
    }
  }

  @Test func sharesOfEdgesInsideGroupsAndSuperGroupsAreThePlantedOnes() throws {
    let (nodes, size, supers, pairs) = (10_000, 100, 10, 200_000)
    var options = Generators.Communities(nodes: nodes, edges: 2 * pairs, groupSize: size, superGroups: supers, seed: 6)
    options.labelLevel = .group
    options.classes = 100
    let byGroup = try options.generate(threads: Threads(2))
    options.labelLevel = .superGroup
    options.classes = 10
    let bySuper = try options.generate(threads: Threads(2))
    func sameLabel(_ graph: RawGraph) -> Double {
      let labels = graph.nodes[0].labels!
      let list = graph.edges[0]
      return Double((0..<list.count).filter { labels[Int(list.sources[$0])] == labels[Int(list.destinations[$0])] }.count)
        / Double(list.count)
    }
    // Edges drawn at a wider level fall into the narrower one by chance.
    let insideGroup = 0.7 + 0.2 * 99 / 999 + 0.1 * 99 / 9999
    let insideSuper = 0.9 + 0.1 * 999 / 9999
    let deviation = 5 * (0.25 / Double(pairs)).squareRoot()
    #expect(abs(sameLabel(byGroup) - insideGroup) < deviation)
    #expect(abs(sameLabel(bySuper) - insideSuper) < deviation)
  }

  @Test func groupsAreOfEqualSizeAndLabelsOfAllClassesOccur() throws {
    var options = Generators.Communities(nodes: 1050, edges: 0, groupSize: 100, superGroups: 3, seed: 6)
    options.labelLevel = .group
    options.classes = 11
    var counts = [Int](repeating: 0, count: 11)
    for label in try options.generate(threads: Threads(1)).nodes[0].labels! { counts[Int(label)] += 1 }
    #expect(counts == [Int](repeating: 100, count: 10) + [50])
    options.labelLevel = .superGroup
    options.classes = 3
    counts = [0, 0, 0]
    for label in try options.generate(threads: Threads(1)).nodes[0].labels! { counts[Int(label)] += 1 }
    #expect(counts == [400, 400, 250])
  }

  @Test func noiseReplacesItsShareOfTheLabels() throws {
    var options = Generators.Communities(nodes: 20_000, edges: 0, groupSize: 100, superGroups: 10, seed: 8)
    options.classes = 10
    let clean = try options.generate(threads: Threads(1)).nodes[0].labels!
    options.labelNoise = 0.3
    let noisy = try options.generate(threads: Threads(1)).nodes[0].labels!
    let changed = Double(zip(clean, noisy).filter { $0 != $1 }.count) / 20_000
    // A tenth of the replaced labels are the old ones.
    #expect(abs(changed - 0.27) < 5 * (0.27 * 0.73 / 20_000).squareRoot())
  }

  @Test func featuresAloneAreWeakAndAveragedOverNeighboursStrong() throws {
    let (nodes, width, classes) = (4000, 32, 8)
    var options = Generators.Communities(nodes: nodes, edges: 2 * 40_000, groupSize: 100, superGroups: 8, seed: 10)
    options.classes = classes
    options.features = width
    let graph = try options.generate(threads: Threads(2))
    let labels = graph.nodes[0].labels!.map(Int.init)
    let own = feat(graph)
    var mean = own
    for (source, destination) in zip(graph.edges[0].sources, graph.edges[0].destinations) {
      for column in 0..<width { mean[Int(destination) * width + column] += own[Int(source) * width + column] }
    }
    func nearestCentroidAccuracy(_ rows: [Float]) -> Double {
      var centroids = [Float](repeating: 0, count: classes * width)
      for node in 0..<nodes {
        for column in 0..<width { centroids[labels[node] * width + column] += rows[node * width + column] * Float(classes) / Float(nodes) }
      }
      let correct = (0..<nodes).filter { node in
        let distances = (0..<classes).map { label in
          (0..<width).reduce(Float(0)) { sum, column in
            let difference = rows[node * width + column] - centroids[label * width + column]
            return sum + difference * difference
          }
        }
        return distances.indices.min { distances[$0] < distances[$1] } == labels[node]
      }
      return Double(correct.count) / Double(nodes)
    }
    let alone = nearestCentroidAccuracy(own)
    let averaged = nearestCentroidAccuracy(mean)
    #expect(alone > 0.2 && alone < 0.6, "\(alone)")
    #expect(averaged > 0.85, "\(averaged)")
  }

  @Test func noiseIsNormalWithTheGivenDeviation() throws {
    var options = Generators.Communities(nodes: 20_000, edges: 0, groupSize: 100, superGroups: 1, seed: 10)
    options.features = 5
    options.featureNoise = 2
    let values = feat(try options.generate(threads: Threads(2))).map { Double($0) / 2 }
    func moment(_ power: Int) -> Double {
      values.reduce(0) { sum, value in sum + (0..<power).reduce(1.0) { product, _ in product * value } } / Double(values.count)
    }
    #expect(abs(moment(1)) < 5 * 0.0032)
    #expect(abs(moment(2) - 1) < 5 * 0.0041)
    // Irwin and Hall's distribution of four summands has kurtosis 3 − 6/20.
    #expect(abs(moment(4) - 2.7) < 0.06)
  }

  @Test func impossibleOptionsAreErrors() {
    func failure(_ change: (inout Generators.Communities) -> Void) -> String? {
      var options = Generators.Communities(nodes: 100, edges: 10, groupSize: 10, superGroups: 2, seed: 1)
      change(&options)
      return #expect(throws: InputError.self) { try options.generate(threads: Threads(1)) }?.description
    }
    #expect(failure { $0.edges = 3 } == "communities edges: expected an even number, for every edge is written both ways, found 3")
    #expect(failure { $0.groupSize = 0 } == "communities group size: expected 1 to 100 nodes, found 0")
    #expect(failure { $0.superGroups = 11 } == "communities super-groups: expected 1 to 10, the number of groups, found 11")
    #expect(failure { $0.groupShare = 0.9 }?.hasPrefix("communities shares: expected shares of at least 0") == true)
    #expect(failure { $0.labelNoise = 1.5 } == "communities label noise: expected a share from 0 to 1, found 1.5")
    #expect(failure { $0.featureNoise = .nan }?.hasPrefix("communities feature signal and noise") == true)
    #expect(
      failure {
        $0.nodes = 1
        $0.groupSize = 1
        $0.superGroups = 1
      } == "communities nodes: expected 2 or more to have edges between them, found 1")
  }
}

extension ArrayView {
  /// The elements for the time of `body`, during which the view's owner is held.
  fileprivate func withContiguousStorage<Result>(_ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
    withExtendedLifetime(self) { body(elements) }
  }
}
