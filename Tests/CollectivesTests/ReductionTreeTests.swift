import Collectives
import Testing

@Suite struct ReductionTreeTests {
  typealias Block = ReductionTree.Block

  @Test func theTreeOfSixPartsIsAsDrawn() {
    let tree = ReductionTree(parts: 6)
    #expect(tree.root == Block(level: 3, index: 0))
    #expect(tree.sum((0..<6).map { "\($0)" }) { "(\($0)+\($1))" } == "(((0+1)+(2+3))+(4+5))")
    #expect(tree.blocks(covering: 0..<3) == [Block(level: 1, index: 0), Block(level: 0, index: 2)])
    #expect(tree.blocks(covering: 3..<6) == [Block(level: 0, index: 3), Block(level: 1, index: 2)])
    #expect(
      tree.additions(of: tree.blocks(covering: 0..<3) + tree.blocks(covering: 3..<6)) == [
        .init(into: 1, from: 2), .init(into: 0, from: 1), .init(into: 0, from: 3),
      ])
  }

  @Test func absentPartsAreSkippedNotAddedAsZero() {
    let tree = ReductionTree(parts: 8)
    let values = ["0", nil, nil, "3", nil, nil, nil, "7"]
    #expect(tree.sum(values) { "(\($0)+\($1))" } == "((0+3)+7)")
    #expect(tree.sum([Float?](repeating: nil, count: 8), +) == nil)
    #expect(tree.sum([nil, -0.0, nil, nil, nil, nil, nil, nil], +)?.sign == .minus)
  }

  @Test func onePartNeedsNoAddition() {
    let tree = ReductionTree(parts: 1)
    #expect(tree.blocks(covering: 0..<1) == [Block(level: 0, index: 0)])
    #expect(tree.additions(of: [Block(level: 0, index: 0)]) == [])
    #expect(tree.sum([5], +) == 5)
  }

  @Test func blocksAreAlignedCoverTheRangeAndAreTheFewest() {
    for parts in 1...33 {
      let tree = ReductionTree(parts: parts)
      for low in 0...parts {
        for high in low...parts {
          let blocks = tree.blocks(covering: low..<high)
          #expect(blocks.flatMap { Array($0.span) } == Array(low..<high))
          // No two neighbours are the halves of one block, else they could be merged.
          for (left, right) in zip(blocks, blocks.dropFirst()) { #expect(left.sibling != right) }
        }
      }
    }
  }

  @Test func anySplittingIntoOwnersGivesTheSameExpression() throws {
    for parts in 1...17 {
      let tree = ReductionTree(parts: parts)
      let expected = tree.sum((0..<parts).map { "\($0)" }) { "(\($0)+\($1))" }
      for workers in 1...parts {
        let assignment = try PartAssignment(parts: parts, workers: workers)
        let blocks = (0..<workers).flatMap { tree.blocks(covering: assignment.parts(of: $0)) }
        var sums = blocks.map { block in
          tree.sum((0..<parts).map { block.span.contains($0) ? "\($0)" : nil }) { "(\($0)+\($1))" }!
        }
        for addition in tree.additions(of: blocks) { sums[addition.into] = "(\(sums[addition.into])+\(sums[addition.from]))" }
        #expect(sums[0] == expected, "\(parts) parts on \(workers) workers")
      }
    }
  }
}
