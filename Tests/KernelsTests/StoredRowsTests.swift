import Kernels
import Tensors
import Testing

/// Kernels on rows of float16, bfloat16 and int8.
@Suite struct StoredRowsTests {
  static let widths = Array(1...70) + [100, 128, 256, 300]

  /// Every number that 16 bits can be, infinities and NaN among them, widened by every instruction set: the same bits.
  @Test(arguments: [ElementType.float16, .bfloat16])
  func everyHalfIsWidenedExactly(type: ElementType) {
    let columns = 256 + 7
    let patterns = (0..<(1 << 16) + columns).map { UInt16(truncatingIfNeeded: $0) }
    let stored = stride(from: 0, to: 1 << 16, by: columns).map { row in
      patterns[row..<row + columns].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
    let rows = StoredRows(stored, type, columns: columns)
    for instructions in InstructionSet.available {
      let out = MatrixView(zeros: stored.count, columns)
      Gather.copy(from: 0, of: rows.source, into: out, instructions: instructions)
      var wrong: [UInt16] = []
      for index in 0..<1 << 16 {
        let pattern = patterns[index]
        let expected = type == .bfloat16 ? Float(bitPattern: UInt32(pattern) << 16) : Float(Float16(bitPattern: pattern))
        let found = out.row(index / columns)[index % columns]
        if found.bitPattern != expected.bitPattern && !(found.isNaN && expected.isNaN) { wrong.append(pattern) }
      }
      #expect(wrong.isEmpty, "\(instructions)")
    }
  }

  @Test func int8ElementsAreTheirNumberTimesTheScaleOfTheRow() {
    let numbers = (-128...127).map { UInt8(bitPattern: Int8($0)) }
    let scales: [Float] = [0, 1, 0.1, 1 / 127, .leastNormalMagnitude / 4, 1e36]
    let stored = scales.map { scale in numbers + withUnsafeBytes(of: scale) { Array($0) } }
    let rows = StoredRows(stored, .int8, columns: 256)
    for instructions in InstructionSet.available {
      let out = MatrixView(zeros: scales.count, 256)
      Gather.copy(from: 0, of: rows.source, into: out, instructions: instructions)
      #expect(out.lists == scales.map { scale in (-128...127).map { Float($0) * scale } }, "\(instructions)")
    }
  }

  @Test func aMeanOfLiteralRows() {
    // 1.5 and −2 as float16, 3 and −0.5 as bfloat16, 4·0.25 and −127·0.25 as int8.
    let cases: [(ElementType, [UInt8], [Float])] = [
      (.float16, [0x00, 0x3e, 0x00, 0xc0], [1.5, -2]), (.bfloat16, [0x40, 0x40, 0x00, 0xbf], [3, -0.5]),
      (.int8, [4, 0x81, 0, 0, 0x00, 0x00, 0x80, 0x3e], [1, -31.75]),
    ]
    for (type, bytes, values) in cases {
      let rows = StoredRows([bytes, [UInt8](repeating: 0, count: bytes.count)], type, columns: 2)
      let edges = Edges([[0, 0], [], [0, 1], [1]])
      let out = MatrixView(zeros: 4, 2)
      Aggregation.aggregate(edges.neighborhood, rows: rows.source, .mean, into: out, threads: Threads(1))
      #expect(out.lists == [values, [0, 0], values.map { $0 / 2 }, [0, 0]], "\(type)")
    }
  }

  /// With and without weights and scales, sum and mean, over initial values in place: against float64, all instruction sets alike.
  @Test(arguments: StoredRows.narrowTypes)
  func everyFormEqualsTheReference(type: ElementType) {
    for width in Self.widths {
      var draws = Draws(UInt64(width))
      let rows = StoredRows(&draws, type, rows: 40, columns: width)
      for form in 0..<4 {
        let edges = Edges(&draws, destinations: 23, sources: 40, longest: 9, weighted: form & 1 == 1, scaled: form & 2 == 2)
        let initial = draws.matrix(11, width)
        for reduction in [Aggregation.Reduction.sum, .mean] {
          let outputs = InstructionSet.available.map { instructions in
            let out = MatrixView(zeros: 23, width, stride: width + 2)
            for row in 0..<11 { out.row(row).update(from: initial.row(row), count: width) }
            Aggregation.aggregate(
              0..<23, of: edges.neighborhood, rows: rows.source, reduction, adding: out.prefix(11), into: out, instructions: instructions)
            return out
          }
          var worst = 0.0
          for destination in 0..<23 {
            let expected = Aggregation.reference(
              destination, of: edges.neighborhood, rows: { rows.values[$0] }, columns: width, reduction,
              initial: destination < 11 ? initial.doubles[destination] : nil)
            let terms = edges.lists[destination].count
            // Elements are at most 2: 127 times a scale of 1/64.
            let bound = tolerance(terms: terms, magnitude: 2 * Double(terms + 1))
            for column in 0..<width { worst = max(worst, abs(Double(outputs[0][destination, column]) - expected[column]) / bound) }
          }
          #expect(worst <= 1, "\(type), width \(width), form \(form), \(reduction)")
          for out in outputs { #expect(out.bits == outputs[0].bits, "\(type), width \(width), form \(form), \(reduction)") }
        }
      }
    }
  }

  /// Integers add up without rounding: every path gives the float64 sum itself.
  @Test(arguments: StoredRows.narrowTypes)
  func sumsOfIntegersAreExact(type: ElementType) {
    for width in Self.widths {
      var draws = Draws(UInt64(500 + width))
      let rows = StoredRows(&draws, type, rows: 30, columns: width, exact: true)
      let edges = Edges(&draws, destinations: 20, sources: 30, longest: 12)
      let expected = (0..<20).map {
        Aggregation.reference($0, of: edges.neighborhood, rows: { rows.values[$0] }, columns: width, .sum)
      }
      for instructions in InstructionSet.available {
        let out = MatrixView(zeros: 20, width)
        Aggregation.aggregate(0..<20, of: edges.neighborhood, rows: rows.source, .sum, into: out, instructions: instructions)
        #expect(out.doubles == expected, "\(type), width \(width), \(instructions)")
      }
    }
  }

  @Test(arguments: StoredRows.narrowTypes)
  func threadsDoNotChangeABit(type: ElementType) {
    var draws = Draws(9)
    let rows = StoredRows(&draws, type, rows: 300, columns: 100)
    let edges = Edges(&draws, destinations: 700, sources: 300, longest: 12, weighted: true)
    let outputs = (1...3).map { threads in
      let out = MatrixView(zeros: 700, 100)
      Aggregation.aggregate(edges.neighborhood, rows: rows.source, .mean, into: out, threads: Threads(threads))
      return out.bits
    }
    #expect(outputs[1] == outputs[0] && outputs[2] == outputs[0])
  }

  /// Copies, blends and sums read the same values as aggregation does.
  @Test(arguments: RowSource.elementTypes)
  func rowsAreCopiedBlendedAndSummed(type: ElementType) {
    for width in Self.widths {
      var draws = Draws(UInt64(900 + width))
      let rows = StoredRows(&draws, type, rows: 40, columns: width)
      let floats = rows.values.map { $0.map { Float($0) } }
      let (scales, factors) = (draws.floats(40), draws.floats(17))
      let start = draws.matrix(17, width)
      for instructions in InstructionSet.available {
        let note: Comment = "\(type), width \(width), \(instructions)"
        let (plain, scaled, blended) = (
          MatrixView(zeros: 17, width, stride: width + 1), MatrixView(zeros: 17, width), MatrixView(start.lists)
        )
        Gather.copy(from: 20, of: rows.source, into: plain, instructions: instructions)
        #expect(plain.lists == Array(floats[20..<37]), note)
        Gather.copy(from: 20, of: rows.source, scales: scales, into: scaled, instructions: instructions)
        #expect(scaled.lists == (20..<37).map { row in floats[row].map { $0 * scales[row] } }, note)
        RowArithmetic.blend(blended, by: scales, with: rows.source, from: 20, times: factors, instructions: instructions)
        let expected = (0..<17).map { row in
          (0..<width).map { scales[row] * start[row, $0] + factors[row] * floats[20 + row][$0] }
        }
        #expect(blended.lists == expected, note)
        let sums = keep(Buffer<Float>(count: 40))
        RowNormalisation.scales(of: rows.source, 3..<40, into: sums.pointer, instructions: instructions)
        #expect(sums[2] == 0, note)
        #expect((3..<40).allSatisfy { sums[$0] == reciprocalOfSum(floats[$0]) }, note)
      }
    }
  }

  /// The order that is promised: eight partial sums, added pairwise, then the rest.
  private func reciprocalOfSum(_ row: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 8)
    let whole = row.count / 8 * 8
    for column in 0..<whole { lanes[column % 8] += row[column] }
    let four = (0..<4).map { lanes[$0] + lanes[$0 + 4] }
    var sum = (four[0] + four[2]) + (four[1] + four[3])
    for column in whole..<row.count { sum += row[column] }
    return sum == 0 ? 0 : 1 / sum
  }

  @Test func nothingToReadIsFine() {
    for type in StoredRows.narrowTypes {
      var draws = Draws(1)
      let rows = StoredRows(&draws, type, rows: 3, columns: 5)
      let out = MatrixView([[3, 4, 5, 6, 7], [1, 1, 1, 1, 1]])
      Aggregation.aggregate(Edges([[], []]).neighborhood, rows: rows.source, .sum, into: out, threads: Threads(1))
      #expect(out.lists == [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
      Gather.copy(from: 3, of: rows.source, into: MatrixView(zeros: 0, 5))
    }
  }
}
