import Kernels
import PIM
import Tensors
import Testing

@Suite struct PIMMachineTests {
  private let columns = 5

  /// Rows of random values, and a factor for each.
  private func rows(_ draws: inout Draws, _ count: Int) -> (Matrix, Buffer<Float>) {
    let matrix = Matrix(rows: count, columns: columns)
    for row in 0..<count { for column in 0..<columns { matrix.view[row, column] = draws.float() } }
    return (matrix, Buffer(copying: (0..<count).map { _ in 0.5 + abs(draws.float()) }))
  }

  private func scaled(_ graph: Graph, _ scales: Buffer<Float>) -> Neighborhood {
    Neighborhood(
      destinationCount: graph.lists.count, begin: graph.edges.begin, end: graph.edges.end, sources: graph.edges.sources,
      scales: scales.pointer)
  }

  /// What `machine` gathers, as lists.
  private func gathered(_ machine: PIMMachine, _ graph: Graph, _ x: Matrix, _ scales: Buffer<Float>, _ reduction: Aggregation.Reduction)
    -> [[Float]]
  {
    let (memory, out) = (GrowingBuffer<Float>(), Matrix(rows: graph.lists.count, columns: columns))
    return withExtendedLifetime((graph, x, scales, memory, out)) {
      machine.gather(RowSource(x.view), along: scaled(graph, scales), reduction, into: memory, threads: Threads(2))
        .write(0..<graph.lists.count, into: out.view)
      return (0..<graph.lists.count).map { row in (0..<columns).map { out.view[row, $0] } }
    }
  }

  /// Sums of quantised rows in order, then the scale and the number of edges: by the definition, not by the machine.
  private func reference(_ graph: Graph, _ x: Matrix, _ scales: Buffer<Float>, _ type: PIMElementType, _ reduction: Aggregation.Reduction)
    -> [[Float]]
  {
    withExtendedLifetime((x, scales)) {
      let values = (0..<x.rows).map { row in (0..<columns).map { x.view[row, $0] * scales[row] } }
      let largest = values.flatMap { $0 }.map(abs).max() ?? 0
      let quantisation = Quantisation(type, largest: largest, terms: graph.lists.map(\.count).max() ?? 0)
      return graph.lists.map { list in
        (0..<columns).map { column in
          let sum = list.reduce(0) { $0 + Int(quantisation.quantised(values[Int($1)][column], as: Int32.self)) }
          let mean: Float = reduction == .mean && !list.isEmpty ? 1 / Float(list.count) : 1
          return Float(sum) * quantisation.scale * mean
        }
      }
    }
  }

  @Test func integersEqualTheDefinitionAndFloatsAreNearIt() throws {
    for seed in 0..<40 {
      var draws = Draws(UInt64(seed))
      let nodes = 1 + draws.index(below: 60)
      let graph = Graph(&draws, destinations: draws.index(below: 50), sources: nodes, longest: 6)
      let (x, scales) = rows(&draws, nodes)
      let reduction = seed % 2 == 0 ? Aggregation.Reduction.sum : .mean
      for type in [PIMElementType.int8, .int16, .int32] {
        let machine = try PIMMachine(.small([3, 2, 2]), type)
        #expect(
          gathered(machine, graph, x, scales, reduction) == reference(graph, x, scales, type, reduction), "seed \(seed), \(type)")
        try machine.check()
      }
      let floats = gathered(try PIMMachine(.small([3, 2, 2]), .float32), graph, x, scales, reduction)
      let exact = reference(graph, x, scales, .int32, reduction)
      for (found, wanted) in zip(floats.joined(), exact.joined()) { #expect(abs(found - wanted) <= 1e-3, "seed \(seed)") }
    }
  }

  /// The second pass over the same edges takes the same again, but for the edges, which are in the banks.
  @Test func edgesThatFitAreLoadedOnce() throws {
    var draws = Draws(5)
    let graph = Graph(&draws, destinations: 80, sources: 80, longest: 6)
    let (x, scales) = rows(&draws, 80)
    let machine = try PIMMachine(.small([4, 4]), .int32)
    _ = gathered(machine, graph, x, scales, .sum)
    let first = machine.report
    #expect(first.passes == 1 && first.modelled.load > 0 && first.modelled.loadBytes > 0 && first.simulationSeconds > 0)
    _ = gathered(machine, graph, x, scales, .mean)
    let second = machine.report
    #expect(second.passes == 2 && second.modelled.load == first.modelled.load)
    #expect(second.modelled.kernel == 2 * first.modelled.kernel && second.modelled.merge == 2 * first.modelled.merge)
  }

  /// Banks that hold one layer alone: the second is loaded in every pass.
  @Test func edgesThatDoNotFitAreLoadedInEveryPass() throws {
    var draws = Draws(6)
    let graphs = (0..<2).map { _ in Graph(&draws, destinations: 80, sources: 80, longest: 6) }
    let (x, scales) = rows(&draws, 80)
    let roomy = try PIMMachine(.small([4, 4]), .int32)
    let needed = graphs.map { graph in
      _ = gathered(roomy, graph, x, scales, .sum)
      return roomy.report.modelled.bankBytes
    }
    var small = PIMTopology.small([4, 4])
    small.bankBytes = needed[1]
    let machine = try PIMMachine(small, .int32)
    var loads: [Double] = []
    for graph in [graphs[0], graphs[1], graphs[1], graphs[0]] {
      let before = machine.report.modelled.load
      _ = gathered(machine, graph, x, scales, .sum)
      try machine.check()
      loads.append(machine.report.modelled.load - before)
    }
    #expect(loads[0] > 0 && loads[1] > 0 && loads[3] == 0)
    #expect(abs(loads[2] - loads[1]) <= 1e-12)
  }

  @Test func whatFitsNoBankIsAFaultAndZeros() throws {
    let graph = Graph([[0, 1], [1]], sourceCount: 2)
    var draws = Draws(7)
    let (x, scales) = rows(&draws, 2)
    var tiny = PIMTopology.small([1, 1])
    (tiny.name, tiny.bankBytes) = ("tiny", 16)
    let machine = try PIMMachine(tiny, .int16)
    #expect(gathered(machine, graph, x, scales, .sum) == [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    #expect(
      throws: InputError(
        "--aggregate pim:tiny", expected: "a layer of which some strategy fits the banks", found: "3 edges from 2 to 2 nodes, 5 columns")
    ) { try machine.check() }
    try machine.check()
    #expect(machine.report.passes == 0)
  }

  @Test func identityNamesMachineAndType() throws {
    let one = try PIMMachine(.generic, .int8)
    #expect(one.identity.hasPrefix("pim:generic int8, machine "))
    #expect(one.identity == (try PIMMachine(.generic, .int8).identity))
    var faster = PIMTopology.generic
    faster.megahertz = 351
    #expect(try PIMMachine(.generic, .int16).identity != one.identity && PIMMachine(faster, .int8).identity != one.identity)
  }

  @Test func reportsOfWorkersAddUp() {
    var reports = [PIMReport(machine: "m", elementType: .int8), PIMReport(machine: "m", elementType: .int8)]
    (reports[0].passes, reports[1].passes) = (2, 3)
    (reports[0].modelled.kernel, reports[1].modelled.kernel) = (0.25, 1.5)
    (reports[0].modelled.load, reports[1].simulationSeconds) = (0.05, 4)
    let all = PIMReport(workers: reports, seconds: 10)
    #expect(all.passes == 5 && all.modelled.kernel == 1.75 && all.simulationSeconds == 4 && all.hostSeconds == 6)
    #expect(
      all.description
        == """
        aggregation on m, int8, 5 passes: load 50 ms modelled, host→PIM 0 ms modelled, kernel 1.75 s modelled, PIM→host 0 ms modelled, \
        merge 0 ms modelled, all 1.8 s modelled
        everything else: 6 s measured here, and 4 s to simulate the machine
        """)
  }
}
