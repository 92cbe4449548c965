public import Tensors

/// Decay coefficients by range of the flat vector: sorted, disjoint; elements in no range do not decay.
public struct WeightDecay: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var range: Range<Int>
    /// How strongly the elements are pulled towards zero; the rule says by which formula.
    public var coefficient: Float

    public init(_ range: Range<Int>, _ coefficient: Float) {
      self.range = range
      self.coefficient = coefficient
    }
  }

  public let entries: [Entry]

  public init(_ entries: [Entry] = []) {
    for (before, after) in zip(entries, entries.dropFirst()) {
      precondition(before.range.upperBound <= after.range.lowerBound, "decay ranges are sorted and disjoint")
    }
    self.entries = entries
  }

  /// Calls `body` for the runs of `range` that share a coefficient, in order, and covers `range`.
  package func forEachRun(of range: Range<Int>, _ body: (Range<Int>, Float) -> Void) {
    var low = range.lowerBound
    func emit(upTo high: Int, _ coefficient: Float) {
      guard low < high else { return }
      body(low..<high, coefficient)
      low = high
    }
    for entry in entries where entry.range.overlaps(range) {
      emit(upTo: entry.range.lowerBound, 0)
      emit(upTo: min(entry.range.upperBound, range.upperBound), entry.coefficient)
    }
    emit(upTo: range.upperBound, 0)
  }
}

/// A slice of the flat vector with what its owner keeps beside it; every pointer is at the slice's first element.
public struct OptimizerSlice: @unchecked Sendable {
  // Sendable: threads write disjoint elements.
  /// Elements of the flat vector.
  public let range: Range<Int>
  public let weights: UnsafeMutablePointer<Float>
  /// Sum of the gradient over the global batch, not yet normalised.
  public let gradient: UnsafePointer<Float>
  /// One vector for each of the rule's `stateNames`, of `range.count` elements, one after the other; zeros before the
  /// first step.
  public let state: UnsafeMutablePointer<Float>

  public init(
    range: Range<Int>, weights: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, state: UnsafeMutablePointer<Float>
  ) {
    self.range = range
    self.weights = weights
    self.gradient = gradient
    self.state = state
  }
}

/// What all elements of the flat vector share in one step.
public struct OptimizerStep: Sendable, Equatable {
  /// Steps taken so far, this one included: from 1.
  public var number: Int
  public var learningRate: Double
  /// What the summed gradient is multiplied by: 1 / normaliser, times the factor of a clipped norm.
  public var gradientScale: Double

  public init(number: Int, learningRate: Double, gradientScale: Double) {
    precondition(number >= 1, "steps count from 1, found \(number)")
    self.number = number
    self.learningRate = learningRate
    self.gradientScale = gradientScale
  }
}

/// A rule that moves weights against a gradient; element by element, so slices and threads cannot change its bits.
public protocol Optimizer: Sendable {
  /// Float32 vectors of state per weight, each with a name for those who store it.
  var stateNames: [String] { get }

  /// One step over a slice. With `g = gradientScale · gradient`, to which `decay · w` is added unless the rule decays otherwise.
  func update(_ slice: OptimizerSlice, _ step: OptimizerStep, decay: WeightDecay, threads: Threads)
}

extension OptimizerSlice {
  /// Calls `body` with runs of local elements that share a decay coefficient, chunks spread over `threads`.
  func forEachRun(_ decay: WeightDecay, threads: Threads, _ body: @Sendable (_ elements: Range<Int>, _ decay: Float) -> Void) {
    threads.forEachChunk(of: range.count, by: 16_384) { chunk in
      decay.forEachRun(of: range.lowerBound + chunk.lowerBound..<range.lowerBound + chunk.upperBound) { run, coefficient in
        body(run.lowerBound - range.lowerBound..<run.upperBound - range.lowerBound, coefficient)
      }
    }
  }
}
