public import Kernels
public import Tensors

/// The edges of a graph on a machine, ready to aggregate float32 rows: quantised going in, scaled back coming out.
///
/// Factors of sources and destinations never reach the cores: rows are scaled before and after, so that an add-only kernel computes
/// any normalisation of that form.
public struct PIMAggregator: Sendable {
  public let aggregation: PIMAggregation
  public let edges: Neighborhood
  public let sourceCount: Int
  public let threads: Threads
  private let largestDegree: Int

  /// - Parameter edges: Without factors of their own; kept by the caller while this is used.
  public init(_ aggregation: PIMAggregation, _ edges: Neighborhood, sourceCount: Int, threads: Threads) {
    self.aggregation = aggregation
    self.edges = edges.withoutFactors
    self.sourceCount = sourceCount
    self.threads = threads
    largestDegree = (0..<edges.destinationCount).reduce(0) { max($0, Int(edges.end[$1]) - Int(edges.begin[$1])) }
  }

  /// `out[i] = after(i) · Σ before[s] · x[s]` over the sources `s` of destination `i`, or the mean or the largest element.
  ///
  /// - Parameters:
  ///   - x: Shape (sources, columns).
  ///   - before: Factor of each source row; `nil`: 1.
  ///   - after: Factor of each destination row; `nil`: 1, or what makes a mean.
  ///   - out: Shape (destinations, columns); overwritten.
  /// - Returns: Modelled times.
  /// - Throws: `PIMFault` where banks do not suffice, `InputError` for fewer columns than the strategy has parts.
  @discardableResult
  public func aggregate(
    _ x: MatrixView, _ reduction: PIMReduction, before: [Float]? = nil, after: [Float]? = nil, into out: MatrixView
  ) throws -> PIMTimes {
    precondition(x.rows == sourceCount && out.rows == edges.destinationCount && x.columns == out.columns, "shapes of rows and edges")
    switch aggregation.strategy.elementType {
    case .int8: return try aggregate(x, reduction, before, after, into: out, quantised: Int8.self)
    case .int16: return try aggregate(x, reduction, before, after, into: out, quantised: Int16.self)
    case .int32: return try aggregate(x, reduction, before, after, into: out, quantised: Int32.self)
    case .float32: return try aggregate(x, reduction, before, after, into: out)
    }
  }

  private func aggregate<Element: PIMElement & FixedWidthInteger & SignedInteger>(
    _ x: MatrixView, _ reduction: PIMReduction, _ before: [Float]?, _ after: [Float]?, into out: MatrixView, quantised: Element.Type
  ) throws -> PIMTimes where Element.Sum == Int32 {
    var largest: Float = 0
    for row in 0..<x.rows {
      for column in 0..<x.columns { largest = max(largest, abs(x.row(row)[column] * (before?[row] ?? 1))) }
    }
    let quantisation = Quantisation(Element.type, largest: largest, terms: reduction == .max ? 1 : largestDegree)
    let inputs = Buffer<Element>(count: x.rows * x.columns)
    for row in 0..<x.rows {
      for column in 0..<x.columns {
        inputs.pointer[row * x.columns + column] = quantisation.quantised(x.row(row)[column] * (before?[row] ?? 1), as: Element.self)
      }
    }
    return try run(inputs, reduction, after, into: out) { Float($0) * quantisation.scale }
  }

  private func aggregate(
    _ x: MatrixView, _ reduction: PIMReduction, _ before: [Float]?, _ after: [Float]?, into out: MatrixView
  ) throws -> PIMTimes {
    let inputs = Buffer<Float>(count: x.rows * x.columns)
    for row in 0..<x.rows {
      for column in 0..<x.columns { inputs.pointer[row * x.columns + column] = x.row(row)[column] * (before?[row] ?? 1) }
    }
    return try run(inputs, reduction, after, into: out) { $0 }
  }

  private func run<Element: PIMElement>(
    _ inputs: Buffer<Element>, _ reduction: PIMReduction, _ after: [Float]?, into out: MatrixView, value: (Element.Sum) -> Float
  ) throws -> PIMTimes {
    let sums = Buffer<Element.Sum>(count: out.rows * out.columns)
    let times = try withExtendedLifetime(inputs) {
      try aggregation.run(
        edges, sourceCount: sourceCount, columns: out.columns, inputs: inputs.pointer,
        operation: aggregation.operation(isMax: reduction == .max), into: sums.pointer, threads: threads)
    }
    withExtendedLifetime(sums) {
      for row in 0..<out.rows {
        let degree = edges.end[row] - edges.begin[row]
        let factor = (after?[row] ?? 1) * (reduction == .mean && degree > 0 ? 1 / Float(degree) : 1)
        for column in 0..<out.columns { out.row(row)[column] = value(sums.pointer[row * out.columns + column]) * factor }
      }
    }
    return times
  }
}

/// How the rows of a destination's sources become one.
public enum PIMReduction: String, Codable, Sendable, CaseIterable {
  case sum, mean, max
}
