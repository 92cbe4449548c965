/// Where sums over in-neighbours are computed.
public enum AggregationPlace: Equatable, Sendable, CustomStringConvertible {
  /// On the processors at hand.
  case cpu
  /// On a simulated machine with processing-in-memory: the name of a preset, or the path of a JSON file.
  case pim(String)

  /// Type of the elements that such a machine adds; integers are quantised.
  public enum Element: String, Codable, Sendable, CaseIterable { case int8, int16, int32, float32 }

  /// - Parameter option: The option that an error names.
  /// - Throws: `ConfigurationError` for what is neither `cpu` nor `pim:` and a machine.
  public init(parsing text: String, option: String = "--aggregate") throws {
    if text == "cpu" {
      self = .cpu
    } else if text.hasPrefix("pim:"), text.count > 4 {
      self = .pim(String(text.dropFirst(4)))
    } else {
      throw ConfigurationError(option, expected: "cpu, or pim: and a preset or the JSON file of a machine", found: "'\(text)'")
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .pim(let machine): "pim:\(machine)"
    }
  }

  /// - Throws: `ConfigurationError` for a type that is not float32 where no machine is simulated.
  public func validate(_ element: Element) throws {
    guard self != .cpu || element == .float32 else {
      throw ConfigurationError("--aggregate-type", expected: "float32 with --aggregate cpu", found: element.rawValue)
    }
  }
}

extension AggregationPlace: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
