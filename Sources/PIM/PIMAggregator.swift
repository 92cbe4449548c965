public import Kernels
public import Tensors

/// The edges of a graph on a machine, ready to aggregate float32 rows: quantised going in, scaled back coming out.
///
/// Factors never reach the cores: rows come scaled, and means are divided on the host, so that an add-only kernel computes any
/// normalisation of that form.
public struct PIMAggregator: Sendable {
  public let aggregation: PIMAggregation
  public let tilings: SourceTilings
  public let threads: Threads
  private let largestDegree: Int

  /// - Parameter edges: Without factors of their own; kept by the caller while this is used.
  public init(_ aggregation: PIMAggregation, _ edges: Neighborhood, sourceCount: Int, threads: Threads) {
    self.init(aggregation, SourceTilings(edges, sourceCount: sourceCount), threads: threads)
  }

  public init(_ aggregation: PIMAggregation, _ tilings: SourceTilings, threads: Threads) {
    self.aggregation = aggregation
    self.tilings = tilings
    self.threads = threads
    let edges = tilings.edges
    largestDegree = (0..<edges.destinationCount).reduce(0) { max($0, Int(edges.end[$1]) - Int(edges.begin[$1])) }
  }

  private var edges: Neighborhood { tilings.edges }

  /// `out[i] = Σ x[s]` over the sources `s` of destination `i`, or the mean or the largest element.
  ///
  /// - Parameters:
  ///   - x: Shape (sources, columns).
  ///   - out: Shape (destinations, columns); overwritten.
  /// - Returns: Modelled times.
  /// - Throws: `PIMFault` where banks do not suffice, `InputError` for fewer columns than the strategy has parts.
  @discardableResult
  public func aggregate(_ x: MatrixView, _ reduction: PIMReduction, into out: MatrixView) throws -> PIMTimes {
    precondition(
      x.rows == tilings.sourceCount && out.rows == edges.destinationCount && x.columns == out.columns, "shapes of rows and edges")
    switch aggregation.strategy.elementType {
    case .int8: return try aggregate(x, reduction, into: out, quantised: Int8.self)
    case .int16: return try aggregate(x, reduction, into: out, quantised: Int16.self)
    case .int32: return try aggregate(x, reduction, into: out, quantised: Int32.self)
    case .float32: return try aggregate(x, floats: reduction, into: out)
    }
  }

  private func aggregate<Element: PIMElement & FixedWidthInteger & SignedInteger>(
    _ x: MatrixView, _ reduction: PIMReduction, into out: MatrixView, quantised: Element.Type
  ) throws -> PIMTimes where Element.Sum == Int32 {
    var largest: Float = 0
    for row in 0..<x.rows {
      let elements = x.row(row)
      for column in 0..<x.columns { largest = max(largest, abs(elements[column])) }
    }
    let quantisation = Quantisation(Element.type, largest: largest, terms: reduction == .max ? 1 : largestDegree)
    let inputs = Buffer<Element>(count: x.rows * x.columns)
    for row in 0..<x.rows {
      let (elements, target) = (x.row(row), inputs.pointer + row * x.columns)
      for column in 0..<x.columns { target[column] = quantisation.quantised(elements[column], as: Element.self) }
    }
    return try run(inputs, reduction, into: out) { Float($0) * quantisation.scale }
  }

  private func aggregate(_ x: MatrixView, floats reduction: PIMReduction, into out: MatrixView) throws -> PIMTimes {
    let inputs = Buffer<Float>(count: x.rows * x.columns)
    for row in 0..<x.rows { (inputs.pointer + row * x.columns).update(from: x.row(row), count: x.columns) }
    return try run(inputs, reduction, into: out) { $0 }
  }

  private func run<Element: PIMElement>(
    _ inputs: Buffer<Element>, _ reduction: PIMReduction, into out: MatrixView, value: (Element.Sum) -> Float
  ) throws -> PIMTimes {
    let sums = Buffer<Element.Sum>(count: out.rows * out.columns)
    let times = try withExtendedLifetime(inputs) {
      try aggregation.run(
        tilings, columns: out.columns, inputs: inputs.pointer,
        operation: aggregation.operation(isMax: reduction == .max), into: sums.pointer, threads: threads)
    }
    withExtendedLifetime(sums) {
      for row in 0..<out.rows {
        let degree = edges.end[row] - edges.begin[row]
        let factor: Float = reduction == .mean && degree > 0 ? 1 / Float(degree) : 1
        let (source, target) = (sums.pointer + row * out.columns, out.row(row))
        for column in 0..<out.columns { target[column] = value(source[column]) * factor }
      }
    }
    return times
  }
}

/// How the rows of a destination's sources become one.
public enum PIMReduction: String, Codable, Sendable, CaseIterable {
  case sum, mean, max
}
