import Kernels
import Tensors
import Testing

@Suite struct ActivationTests {
  private func mask(_ rows: Int, _ columns: Int) -> (BitMask, Buffer<UInt8>) {
    let bytes = keep(Buffer<UInt8>(count: rows * BitMask.strideBytes(columns: columns)))
    return (BitMask(base: bytes.pointer, rows: rows, columns: columns), bytes)
  }

  @Test func literalRowWithoutDropout() {
    let z = MatrixView([[1, -3, 0, 2, -1, 5, -0.5, 0.25, 7, -9]])
    let bias: [Float] = [1, 1, 0, -2, 2, 0, 0.5, 0, -8, 10]
    let (bits, bytes) = mask(1, 10)
    Activation.biasReLU(z, bias: bias, dropout: nil, ids: nil, mask: bits)
    #expect(z.lists == [[2, 0, 0, 0, 1, 5, 0, 0.25, 0, 1]])
    #expect(Array(bytes.elements) == [0b1011_0001, 0b10])
    let g = MatrixView([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
    Activation.apply(bits, scale: 2, to: g)
    #expect(g.lists == [[2, 0, 0, 0, 10, 12, 0, 16, 0, 20]])
  }

  @Test(arguments: awkwardWidths)
  func everyInstructionSetFollowsTheDefinition(width: Int) {
    var draws = Draws(UInt64(width))
    let ids = (0..<9).map { Int64($0) * 31 }
    let bias = draws.floats(width)
    let input = draws.matrix(9, width, padding: 3)
    for dropout in [nil, Dropout(probability: 0.4, seed: 6, layer: 1, step: 2)] {
      for instructions in InstructionSet.available {
        let z = MatrixView(input.lists)
        let g = MatrixView(input.lists)
        let (bits, _) = mask(9, width)
        Activation.biasReLU(z, bias: bias, dropout: dropout, ids: ids, mask: bits, instructions: instructions)
        Activation.apply(bits, scale: dropout?.scale ?? 1, to: g, instructions: instructions)
        for row in 0..<9 {
          for column in 0..<width {
            let kept = dropout?.keeps(id: ids[row], column: column) ?? true
            let scale = dropout?.scale ?? 1
            // One float32 sum and one product, as the reference in float64 rounds them.
            let sum = input[row, column] + bias[column]
            let (value, passes) = Activation.reference(Double(sum), bias: 0, kept: kept, scale: Double(scale))
            #expect(z[row, column] == Float(value))
            #expect(bits[row, column] == passes)
            #expect(g[row, column] == (passes ? input[row, column] * scale : 0))
          }
        }
      }
    }
  }

  @Test func biasAloneIsAddedToEveryRow() {
    let z = MatrixView([[1, 2, 3], [4, 5, 6]])
    Activation.bias(z, bias: [10, 20, 30])
    #expect(z.lists == [[11, 22, 33], [14, 25, 36]])
    let sums = keep(Buffer<Float>(count: 3))
    ColumnSums.add(z, to: sums.pointer, accumulating: false)
    #expect(Array(sums.elements) == [25, 47, 69])
    ColumnSums.add(z.prefix(1), to: sums.pointer, accumulating: true)
    #expect(Array(sums.elements) == [36, 69, 102])
  }
}
