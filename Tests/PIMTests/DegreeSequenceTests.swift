import PIM
import Tensors
import Testing

@Suite struct DegreeSequenceTests {
  @Test(arguments: [DegreeSequence.proteins, .reddit, .amazonProducts])
  func publishedStatisticsAreMet(sequence: DegreeSequence) {
    let degrees = sequence.degrees()
    #expect(degrees.count == sequence.nodes)
    #expect(degrees.reduce(0) { $0 + Int($1) } == sequence.edges)
    #expect(Int(degrees.min()!) == sequence.least && Int(degrees.max()!) == sequence.largest)
    let variance = degrees.reduce(0.0) { $0 + (Double($1) - sequence.mean) * (Double($1) - sequence.mean) } / Double(degrees.count)
    #expect(abs(variance.squareRoot() - sequence.deviation) <= 0.01 * sequence.deviation, "\(variance.squareRoot())")
  }

  @Test func ordersHoldTheSameDegrees() {
    let sequence = DegreeSequence("small", nodes: 500, edges: 6000, least: 0, largest: 200, deviation: 18)
    let (shuffled, descending) = (sequence.degrees(seed: 3), sequence.degrees(.descending))
    #expect(shuffled.sorted() == descending.sorted() && Array(shuffled) != Array(descending))
    #expect(Array(sequence.degrees(seed: 3)) == Array(shuffled) && Array(sequence.degrees(seed: 4)) != Array(shuffled))
    #expect(zip(descending, descending.dropFirst()).allSatisfy { $0 >= $1 })
  }

  /// 7 and 8 edges over three slices: 2 or 3 from each, and all of them together.
  @Test func slicesShareDegreesEvenly() {
    let degrees = PIMDegrees(ArrayView([7, 0, 8, 2] as [UInt32]), sourceCount: 10)
    let slices = (0..<3).map { degrees.slice($0, of: 3) }
    #expect(slices.map(\.sourceCount) == [4, 4, 2])
    for (row, degree) in [7, 0, 8, 2].enumerated() {
      let parts = slices.map { Int($0.offsets[row + 1] - $0.offsets[row]) }
      #expect(parts.reduce(0, +) == degree && parts.allSatisfy { $0 == degree / 3 || $0 == degree / 3 + 1 })
    }
  }
}
