import Kernels
import Tensors
import Testing

@Suite struct SourceTilingTests {
  /// Sources 0 and 1 are slice 0, 2 and 3 slice 1, 4 slice 2.
  @Test func entriesOfALiteralGraph() {
    let edges = Edges([[4, 0, 1], [], [2, 3, 2], [1]])
    let tiling = SourceTiling(edges.neighborhood, sourceCount: 5, slices: 3)
    #expect(tiling.bounds == [0, 2, 4, 5] && tiling.entryCount == 4 && tiling.edgeCount == 7)
    let x = MatrixView([[1, 10], [2, 20], [4, 40], [8, 80], [16, 160]])
    let out = MatrixView([[7, 7], [7, 7], [7, 7], [7, 7]])
    tiling.aggregate(rows: RowSource(x), .sum, into: out, threads: Threads(1))
    #expect(out.lists == [[19, 190], [0, 0], [16, 160], [2, 20]])
    let scales: [Float] = [1, 0.5, 2, 1, 0.25]
    scales.withUnsafeBufferPointer { scales in
      tiling.aggregate(rows: RowSource(x), scales: scales.baseAddress, .mean, into: out, threads: Threads(2))
    }
    #expect(out.lists == [[2, 20], [0, 0], [8, 80], [1, 10]])
  }

  @Test(arguments: awkwardWidths)
  func anyNumberOfSlicesGivesTheReference(width: Int) {
    var draws = Draws(UInt64(width))
    let x = draws.matrix(90, width, padding: width % 2)
    let scattered = ScatteredRows(x)
    let edges = Edges(&draws, destinations: 700, sources: 90, longest: 11)
    let rows = x.doubles
    for slices in [1, 2, 7, 90, 200] {
      let tiling = SourceTiling(edges.neighborhood, sourceCount: 90, slices: slices)
      let out = MatrixView(zeros: 700, width, stride: width + 1)
      tiling.aggregate(rows: RowSource(x), .mean, into: out, threads: Threads(1))
      for destination in stride(from: 0, to: 700, by: 13) {
        let expected = Aggregation.reference(destination, of: edges.neighborhood, rows: { rows[$0] }, columns: width, .mean)
        let terms = edges.lists[destination].count
        for column in 0..<width {
          let bound = tolerance(terms: 2 * terms, magnitude: Double(terms + 1))
          #expect(abs(Double(out[destination, column]) - expected[column]) <= bound)
        }
      }
      for threads in 2...3 {
        let again = MatrixView(zeros: 700, width)
        tiling.aggregate(rows: RowSource(scattered.rows, segments: SegmentTable()), .mean, into: again, threads: Threads(threads))
        #expect(again.lists == out.lists, "\(threads) threads, \(slices) slices")
      }
    }
  }

  /// Two rows fit: 0 1 0 2 1 0 misses 0, 1, 2, 1, 0; three fit: 0, 1, 2.
  @Test func missesOfALiteralWalk() {
    let tiling = SourceTiling(Edges([[0, 1, 0], [2], [1, 0]]).neighborhood, sourceCount: 3, slices: 1)
    #expect(tiling.misses(capacityRows: 2) == 5)
    #expect(tiling.misses(capacityRows: 3) == 3)
    #expect(tiling.misses(capacityRows: 1) == 6)
  }

  @Test func missesEqualASimulatedMemory() {
    for seed in 0..<20 {
      var draws = Draws(UInt64(900 + seed))
      let edges = Edges(&draws, destinations: 40, sources: 25, longest: 9)
      for slices in [1, 3] {
        let tiling = SourceTiling(edges.neighborhood, sourceCount: 25, slices: slices)
        let length = (25 + slices - 1) / slices
        let walk = (0..<slices).flatMap { slice in
          edges.lists.flatMap { $0.filter { Int($0) / length == slice } }
        }
        for capacity in [1, 4, 11] {
          var (held, misses) = ([UInt32](), 0)
          for source in walk {
            if let place = held.firstIndex(of: source) { held.remove(at: place) } else { misses += 1 }
            held.append(source)
            if held.count > capacity { held.removeFirst() }
          }
          #expect(tiling.misses(capacityRows: capacity) == misses, "seed \(seed), \(slices) slices, \(capacity) rows")
        }
      }
    }
  }

  /// Every destination reads all 64 sources, of which 8 fit: whole passes miss always, slices of 8 once a source.
  @Test func slicesPayWhereDestinationsShareManySources() {
    let edges = Edges((0..<200).map { _ in (0..<64).map { UInt32($0) } })
    let costs = SourceTilingCosts(capacityBytes: 8 * 16, hit: 0, miss: 1, output: 0.5, slice: 0)
    let plan = SourceTiling.plan(edges.neighborhood, sourceCount: 64, rowBytes: 16, costs: costs)
    #expect(plan.slices == 8)
    // 200·64 misses and 200 outputs against 64 misses and 8·200 outputs.
    #expect(abs(plan.gain - (12_800 + 100) / (64 + 800)) < 1e-12)
    var dear = costs
    dear.slice = 1e9
    #expect(SourceTiling.plan(edges.neighborhood, sourceCount: 64, rowBytes: 16, costs: dear).slices == 1)
  }

  @Test func slicesDoNotPayWhereEveryEdgeHasItsOwnEntry() {
    var draws = Draws(77)
    let edges = Edges(&draws, destinations: 3000, sources: 3000, longest: 3)
    let costs = SourceTilingCosts(capacityBytes: 300 * 16, hit: 0.6, miss: 1, output: 1.5, slice: 0)
    let plan = SourceTiling.plan(edges.neighborhood, sourceCount: 3000, rowBytes: 16, costs: costs)
    #expect(plan.slices == 1 && plan.gain == 1)
  }

  @Test func nothingToTileIsFine() {
    let empty = Edges([[], []])
    let out = MatrixView([[3, 4], [5, 6]])
    SourceTiling(empty.neighborhood, sourceCount: 0, slices: 4).aggregate(
      rows: RowSource(MatrixView(zeros: 0, 2)), .mean, into: out, threads: Threads(2))
    #expect(out.lists == [[0, 0], [0, 0]])
    #expect(SourceTiling.plan(empty.neighborhood, sourceCount: 0, rowBytes: 400).slices == 1)
  }
}
