import Kernels
import Testing

/// Beside the conversions of `Float16`, with every instruction set of this machine.
@Suite struct HalfRowsTests {
  @Test(arguments: InstructionSet.available)
  func everyHalfIsWidenedAndComesBack(instructions: InstructionSet) {
    let halves = (UInt16.min...UInt16.max).map { $0 }
    var values = [Float](repeating: 0, count: halves.count)
    HalfRows.widen(halves, into: &values, count: halves.count, instructions: instructions)
    let wrong = halves.indices.filter { index in
      let expected = Float(Float16(bitPattern: halves[index]))
      return expected.isNaN ? !values[index].isNaN : values[index].bitPattern != expected.bitPattern
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    var back = [UInt16](repeating: 0, count: halves.count)
    HalfRows.round(values, into: &back, count: halves.count, instructions: instructions)
    let changed = halves.indices.filter { !values[$0].isNaN && back[$0] != halves[$0] }
    #expect(changed.isEmpty, "\(changed.prefix(5))")
  }

  @Test(arguments: InstructionSet.available)
  func numbersAreRoundedToTheNearestHalf(instructions: InstructionSet) {
    // All exponents and both signs; between two halves, at their middle and beside it.
    var values = stride(from: UInt32(0), through: .max - 4_099, by: 4_099).map(Float.init(bitPattern:))
    for half in stride(from: UInt16(0), to: 0x7bff, by: 1) {
      let middle = (Float(Float16(bitPattern: half)) + Float(Float16(bitPattern: half + 1))) / 2
      values += [middle, middle.nextUp, middle.nextDown, -middle]
    }
    values += [65_504, 65_519.996, 65_520, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, 0, -0.0]
    for count in [values.count, 37] {  // Whole vectors, and some elements beside them.
      var halves = [UInt16](repeating: 0, count: count)
      HalfRows.round(values, into: &halves, count: count, instructions: instructions)
      let wrong = halves.indices.filter { index in
        let found = Float16(bitPattern: halves[index])
        return values[index].isNaN ? !found.isNaN : halves[index] != Float16(values[index]).bitPattern
      }
      #expect(wrong.isEmpty, "\(wrong.prefix(5).map { values[$0] })")
    }
  }
}
