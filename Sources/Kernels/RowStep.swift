internal import CKernels

/// What all touched rows of a table share in one step.
public struct RowStep: Sendable {
  private enum Rule {
    case descent
    case adagrad(epsilon: Float)
    case rowAdagrad(epsilon: Float)
    case adam(AdamFactors)
  }

  private let rule: Rule
  private let rate: Float
  private let instructions: InstructionSet

  /// - Parameter step: Its scale is not used: every row has its own.
  public init(_ optimizer: RowOptimizer, _ step: OptimizerStep, instructions: InstructionSet = .detected) {
    self.instructions = instructions
    rate = Float(step.learningRate)
    rule =
      switch optimizer {
      case .descent: .descent
      case .adagrad(let epsilon): .adagrad(epsilon: epsilon)
      case .rowAdagrad(let epsilon): .rowAdagrad(epsilon: epsilon)
      // The formula adds ε to the root before it is corrected, `Adam` after.
      case .adam(let adam):
        .adam(AdamFactors(adam, step, epsilon: Float(Double(adam.epsilon) / adam.secondCorrection(step).squareRoot())))
      }
  }

  /// Moves one row.
  ///
  /// - Parameters:
  ///   - row: The row, shape (`columns`).
  ///   - gradient: Its gradient, the same shape.
  ///   - scale: What the gradient is multiplied by.
  ///   - first: The rule's first array of state at this row; unused without state.
  ///   - second: The second one; unused where there is none.
  public func move(
    _ row: UnsafeMutablePointer<Float>, by gradient: UnsafePointer<Float>, times scale: Float, _ first: UnsafeMutablePointer<Float>,
    _ second: UnsafeMutablePointer<Float>, columns: Int
  ) {
    switch rule {
    case .descent:
      GradientDescent.move(row, gradient, velocity: nil, momentum: 0, decay: 0, scale: scale, rate: rate, count: columns)
    case .adagrad(let epsilon):
      halo_adagrad(instructions.native, row, gradient, first, scale, rate, epsilon, columns)
    case .rowAdagrad(let epsilon):
      first.pointee += Self.squares(gradient, scale: scale, count: columns) / Float(columns)
      let rate = rate / (first.pointee.squareRoot() + epsilon)
      GradientDescent.move(row, gradient, velocity: nil, momentum: 0, decay: 0, scale: scale, rate: rate, count: columns)
    case .adam(var factors):
      factors.gradient = scale
      factors.move(row, gradient, first, second, count: columns)
    }
  }

  /// `Σ (scale·g)²` in eight interleaved partial sums, added pairwise, and then the elements that are left.
  @inline(__always)
  private static func squares(_ gradient: UnsafePointer<Float>, scale: Float, count: Int) -> Float {
    let d = UnsafeRawPointer(gradient)
    var lanes = SIMD8<Float>(repeating: 0)
    var index = 0
    while index &+ 8 <= count {
      let g = d.loadUnaligned(fromByteOffset: index &* 4, as: SIMD8<Float>.self) * scale
      lanes += g * g
      index &+= 8
    }
    let four = lanes.lowHalf + lanes.highHalf
    let two = four.lowHalf + four.highHalf
    var total = two.x + two.y
    while index < count {
      let g = gradient[index] * scale
      total += g * g
      index &+= 1
    }
    return total
  }
}

extension RowStep {
  /// Asks for the cache lines of a row that is moved soon: rows lie anywhere, and the processor cannot guess the next.
  public static func ask(for row: UnsafeRawPointer, bytes: Int) { halo_ask_for(row.assumingMemoryBound(to: CChar.self), bytes) }
}
