import ArgumentParser
import Configuration
import PIM

/// Where sums over in-neighbours are computed.
struct AggregationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where sums over in-neighbours are computed: the processors here (cpu), or 'pim:' and a preset "
        + "(\(PIMTopology.presets.map(\.name).joined(separator: ", "))) or the JSON file of a machine with processing-in-memory, which is "
        + "simulated byte for byte while the products stay here; for sage, gcn and gin. (default: cpu)", valueName: "cpu|pim:machine"))
  var aggregate: String?

  @Option(
    help: help(
      "Elements that such a machine adds: rows of integers are quantised, one scale for a layer of a part.",
      AggregationPlace.Element.float32.rawValue))
  var aggregateType: AggregationPlace.Element?

  /// - Throws: `ConfigurationError` for a place that is none, or a type that does not go with it.
  func place() throws -> (AggregationPlace, AggregationPlace.Element) {
    let place = try aggregate.map { try AggregationPlace(parsing: $0) } ?? .cpu
    let element = aggregateType ?? .float32
    try place.validate(element)
    return (place, element)
  }

  /// Writes every given flag over `result`.
  ///
  /// - Throws: `ConfigurationError` for a place that is none.
  func apply(to result: inout TrainingConfiguration) throws {
    if let aggregate { result.aggregate = try AggregationPlace(parsing: aggregate) }
    if let aggregateType { result.aggregateType = aggregateType }
  }
}

extension AggregationPlace {
  /// The machine to simulate; `nil` for the processors here.
  ///
  /// - Throws: `InputError` for a machine that is no preset and no file of one.
  func machine(_ element: Element) throws -> PIMMachine? {
    guard case .pim(let name) = self else { return nil }
    let type: PIMElementType =
      switch element {
      case .int8: .int8
      case .int16: .int16
      case .int32: .int32
      case .float32: .float32
      }
    return try PIMMachine(PIMTopology.named(name), type)
  }
}
