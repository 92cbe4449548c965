/// How much a seed of each class counts in the loss.
public enum ClassWeights: Equatable, Sendable, CustomStringConvertible {
  /// All the same.
  case none
  /// Inversely to the classes' numbers of training nodes, 1 on average over these nodes.
  case balanced
  /// One weight for each class.
  case given([Float])

  /// - Parameter option: The option that an error names.
  /// - Throws: `ConfigurationError` when `text` is neither `none`, `balanced` nor a list of numbers.
  public init(parsing text: String, option: String = "--class-weights") throws {
    switch text {
    case "none": self = .none
    case "balanced": self = .balanced
    default: self = .given(try text.split(separator: ",", omittingEmptySubsequences: false).map { try Self.weight($0, in: text, option) })
    }
  }

  private static func weight(_ field: Substring, in text: String, _ option: String) throws -> Float {
    guard let weight = Float(field) else {
      throw ConfigurationError(
        option, expected: "none, balanced, or a number for each class", found: "'\(field)' in '\(text)'")
    }
    return weight
  }

  public var description: String {
    switch self {
    case .none: "none"
    case .balanced: "balanced"
    case .given(let weights): weights.map { "\($0)" }.joined(separator: ",")
    }
  }
}

extension ClassWeights: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
