/// An option whose value cannot be used; prints as one line.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The option as the user writes it, `--fanout`.
  public var option: String
  public var expected: String
  public var found: String

  public init(_ option: String, expected: String, found: String) {
    self.option = option
    self.expected = expected
    self.found = found
  }

  public var description: String { "\(option): expected \(expected), found \(found)" }
}
