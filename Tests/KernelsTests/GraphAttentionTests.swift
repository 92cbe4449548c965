import Glibc
import Kernels
import Tensors
import Testing

/// GAT and GATv2: by hand, against float64, and their gradients against central differences.
@Suite struct GraphAttentionTests {
  @Test func coefficientsOfGATByHand() {
    // Scores ln 3 and 0 in the first head, 1 and leaky(-5) = -1 in the second; nothing into destination 1.
    let log3: Float = 1.0986123
    let attention = AttentionCase(
      .gat, heads: AttentionHeads(count: 2, width: 2), edges: [[0, 1], []], rows: [[8, log3, 1, 0], [4, 0, 0, 2]],
      vectors: [[0, 1, 1, -2.5], [0, 0, 0, 0]])
    let result = attention.run()
    let high = 1 / (1 + exp(-2.0))
    expect(result.out, [[7, 0.75 * Double(log3), high, 2 * (1 - high)], [0, 0, 0, 0]])
    expect([result.coefficients], [[0.75, high, 0.25, 1 - high]])
  }

  @Test func coefficientsOfGATv2ByHand() {
    // leaky([1.5, -0.5]) = [1.5, -0.1] and leaky([-1.5, 3.5]) = [-0.3, 3.5]: scores 1.4 and 3.2.
    let attention = AttentionCase(
      .gatv2, heads: AttentionHeads(count: 1, width: 2), edges: [[], [0, 1]], rows: [[1, -1], [-2, 3]],
      destinationRows: [[9, 9], [0.5, 0.5]], vectors: [[1, 1], []])
    let low = 1 / (1 + exp(1.8))
    expect(attention.run().out, [[0, 0], [low - 2 * (1 - low), 3 * (1 - low) - low]])
  }

  /// Alone with itself a destination keeps its row; an edge from itself in the data counts beside the self loop.
  @Test(arguments: AttentionCase.Kind.allCases)
  func selfLoopsAreFurtherEdges(kind: AttentionCase.Kind) {
    let attention = AttentionCase(
      kind, heads: AttentionHeads(count: 1, width: 3), edges: [[], [1], [0]], selfLoops: true, rows: [[1, 2, 3], [4, 5, 6], [1, 2, 3]],
      destinationRows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], vectors: [[1, -1, 0.5], [1, 1, 1]])
    let result = attention.run()
    #expect(result.out == [[1, 2, 3], [4, 5, 6], [1, 2, 3]])
    #expect(result.coefficients == [1, 0.5, 0.5, 0.5, 0.5])
  }

  /// Heads within one vector of 16 columns and of its length, of several, of more than the registers hold.
  static let shapes = [(1, 1), (3, 1), (2, 3), (8, 8), (1, 16), (4, 17), (2, 47), (1, 64), (3, 65), (1, 130)]

  static let cases: [AttentionCase] = AttentionCase.Kind.allCases.flatMap { kind in
    shapes.enumerated().flatMap { index, shape in
      [(false, 0), (true, 0), (true, 0.4), (false, 0.6)].map { selfLoops, dropout in
        AttentionCase(
          kind, heads: AttentionHeads(count: shape.0, width: shape.1), destinations: 5, sources: 8, longest: 6, selfLoops: selfLoops,
          dropout: dropout, seed: UInt64(index))
      }
    }
  }

  /// Rows lie in -1 ..< 1: scores of ≤ 130 products err by less than 10⁻⁵, and coefficients by that share of themselves. Gradients
  /// are sums of up to 8 · 130 such terms.
  @Test(arguments: cases)
  func passesEqualTheReference(attention: AttentionCase) {
    let found = attention.run()
    let values = (attention.rows.doubles, attention.destinationRows.doubles, attention.vectors.map { $0.map(Double.init) })
    let out = attention.reference(rows: values.0, destinationRows: values.1, vectors: values.2)
    expect(found.out, out)
    let gradient = attention.gradient.doubles
    func loss(_ move: (inout ([[Double]], [[Double]], [[Double]])) -> Void) -> Double {
      var moved = values
      move(&moved)
      let out = attention.reference(rows: moved.0, destinationRows: moved.1, vectors: moved.2)
      return zip(out, gradient).reduce(0) { sum, pair in sum + zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    // A step of 1e-5 leaves an error of about 1e-10 of the third derivative.
    func difference(_ move: (inout ([[Double]], [[Double]], [[Double]]), Double) -> Void) -> Double {
      (loss { move(&$0, 1e-5) } - loss { move(&$0, -1e-5) }) / 2e-5
    }
    for row in values.0.indices {
      for column in 0..<attention.heads.columns {
        let expected = difference { $0.0[row][column] += $1 }
        // A row of GAT is both a source's and its destination's.
        let both = attention.kind == .gat && row < attention.destinations
        let value = Double(found.rows[row][column]) + (both ? Double(found.destinationRows[row][column]) : 0)
        #expect(abs(value - expected) <= 1e-4, "row \(row), column \(column)")
      }
    }
    for column in 0..<attention.heads.columns {
      if attention.kind == .gat {
        for side in 0..<2 {
          let expected = difference { $0.2[side][column] += $1 }
          #expect(abs(Double(found.vectors[side][column]) - expected) <= 1e-4, "side \(side), column \(column)")
        }
      } else {
        let expected = difference { $0.2[0][column] += $1 }
        #expect(abs(Double(found.vectors[0][column]) + Double(found.vectors[1][column]) - expected) <= 1e-4, "column \(column)")
        for row in values.1.indices {
          let expected = difference { $0.1[row][column] += $1 }
          #expect(abs(Double(found.destinationRows[row][column]) - expected) <= 1e-4, "destination \(row), column \(column)")
        }
      }
    }
  }

  /// Tiles, and who runs them, and the instruction set change no bit.
  @Test(arguments: shapes.map { AttentionHeads(count: $0.0, width: $0.1) }, AttentionCase.Kind.allCases)
  func tilesAndInstructionSetsGiveTheSameBits(heads: AttentionHeads, kind: AttentionCase.Kind) {
    for (selfLoops, dropout) in [(true, 0.5), (false, 0)] as [(Bool, Float)] {
      let attention = AttentionCase(
        kind, heads: heads, destinations: 120, sources: 300, longest: 30, selfLoops: selfLoops, dropout: dropout, seed: 3)
      let expected = attention.run(.portable)
      #expect(expected.out.joined().contains { $0 != 0 } && expected.rows.joined().allSatisfy(\.isFinite))
      for instructions in InstructionSet.available { #expect(attention.run(instructions, tile: 77) == expected, "\(instructions)") }
    }
  }

  /// Scores far beyond what `exp` can represent, and more edges than the kernel keeps on its stack.
  @Test(arguments: AttentionCase.Kind.allCases)
  func manyEdgesOfLargeScoresDoNotOverflow(kind: AttentionCase.Kind) {
    let attention = AttentionCase(
      kind, heads: AttentionHeads(count: 3, width: 5), destinations: 4, sources: 50, longest: 9000, selfLoops: true, dropout: 0.3, seed: 12)
    #expect(attention.edges.lists.contains { $0.count > 2048 })
    for row in 0..<50 { for column in 0..<15 where row % 7 == 0 { attention.rows[row, column] *= 1000 } }
    let found = attention.run()
    let out = attention.reference(
      rows: attention.rows.doubles, destinationRows: attention.destinationRows.doubles,
      vectors: attention.vectors.map { $0.map(Double.init) })
    // Scores of several thousand in float32 have an error of 10⁻⁴, and so have the coefficients.
    for (row, exact) in zip(found.out, out) {
      for (value, exact) in zip(row, exact) { #expect(abs(Double(value) - exact) <= 2e-3 * max(1, abs(exact))) }
    }
    #expect(found.rows.joined().allSatisfy(\.isFinite) && found.vectors.joined().allSatisfy(\.isFinite))
  }

  /// Coefficients before dropout are positive and add up to one.
  @Test(arguments: AttentionCase.Kind.allCases, [1, 2, 3, 4, 5] as [UInt64])
  func coefficientsOfADestinationAddUpToOne(kind: AttentionCase.Kind, seed: UInt64) {
    let attention = AttentionCase(
      kind, heads: AttentionHeads(count: 2, width: 9), destinations: 40, sources: 60, longest: 50, selfLoops: seed % 2 == 0, dropout: 0.5,
      seed: seed)
    let found = attention.run()
    for destination in 0..<40 {
      let sources = attention.attention.sources(of: destination)
      let first = attention.attention.firstSlot(of: destination)
      for head in 0..<2 where !sources.isEmpty {
        let coefficients = sources.indices.map { found.coefficients[(first + $0) * 2 + head] }
        #expect(abs(coefficients.reduce(0) { $0 + Double(abs($1)) } - 1) <= 1e-5)
      }
    }
    let dropped = found.coefficients.filter { $0 < 0 }.count
    #expect(dropped > found.coefficients.count / 3 && dropped < found.coefficients.count * 2 / 3)
  }

  @Test(arguments: AttentionCase.Kind.allCases)
  func nothingToAttendToIsFine(kind: AttentionCase.Kind) {
    let none = AttentionCase(
      kind, heads: AttentionHeads(count: 2, width: 3), destinations: 0, sources: 0, longest: 0, selfLoops: true, dropout: 0.5, seed: 1)
    #expect(none.run().out == [] && none.run().vectors == [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    let lonely = AttentionCase(
      kind, heads: AttentionHeads(count: 2, width: 3), destinations: 3, sources: 4, longest: 0, selfLoops: false, dropout: 0, seed: 1)
    let found = lonely.run()
    #expect((found.out + found.rows + found.destinationRows).joined().allSatisfy { $0 == 0 })
  }

  private func expect(_ found: [[Float]], _ exact: [[Double]]) {
    for (row, exact) in zip(found, exact) {
      for (value, exact) in zip(row, exact) { #expect(abs(Double(value) - exact) <= 1e-5 * max(1, abs(exact))) }
    }
  }
}
