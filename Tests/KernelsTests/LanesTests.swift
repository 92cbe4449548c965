import Kernels
import Tensors
import Testing

@Suite struct LanesTests {
  @Test func lanesCoverAllRowsInWholeTiles() {
    for rows in [0, 1, 255, 512, 513, 5_000, 16_384, 16_385, 70_001, 1_000_000] {
      let lanes = Lanes(rows: rows)
      #expect(lanes.count <= 32 && lanes.length % Tiles.height == 0)
      var next = 0
      for lane in 0..<lanes.count {
        lanes.forEachTile(of: lane) { tile in
          #expect(tile.lowerBound == next && tile.count <= Tiles.height && !tile.isEmpty)
          next = tile.upperBound
        }
      }
      #expect(next == rows)
    }
    #expect(Lanes(rows: 513).count == 2 && Lanes(rows: 512).count == 1 && Lanes(rows: 0).count == 0)
  }

  /// The sums 2²⁴ + 1 + … round differently in any other order than lane by lane.
  @Test func partialSumsAreAddedInLaneOrder() {
    let rows = 3 * 512
    let values: [Float] = (0..<rows).map { $0 < 512 ? ($0 == 0 ? 0x1p24 : 0) : $0 < 1024 ? 1 : ($0 == 1024 ? -0x1p24 : 0.25) }
    var expected: Float = 0
    for lane in 0..<3 { expected += values[lane * 512..<(lane + 1) * 512].reduce(0, +) }
    let x = keep(Buffer(copying: values))
    for threads in 1...3 {
      let total = keep(Buffer<Float>(count: 1))
      LaneSums().sum(Lanes(rows: rows), into: total.pointer, count: 1, threads: Threads(threads)) { tile, isFirst, sum in
        if isFirst { sum.pointee = 0 }
        for row in tile { sum.pointee += x.pointer[row] }
      }
      #expect(total[0] == expected)
    }
  }
}
