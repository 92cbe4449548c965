import Glibc

/// Something outside the program is not as it must be: a file, a flag, a message from the network.
///
/// Prints as one line, `edges.tsv:17: expected two node ids, found "abc"`.
public struct InputError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, flag or peer at fault.
  public var place: String
  /// Line number in a text file, from 1.
  public var line: Int?
  /// What would have been accepted.
  public var expected: String
  /// What was there instead.
  public var found: String

  public init(_ place: String, line: Int? = nil, expected: String, found: String) {
    self.place = place
    self.line = line
    self.expected = expected
    self.found = found
  }

  public var description: String {
    let position = line.map { "\(place):\($0)" } ?? place
    return "\(position): expected \(expected), found \(found)"
  }
}

/// A call of the operating system that failed.
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call and what it was applied to, `open parts/graph.json`.
  public var operation: String
  /// The value of `errno` after the call.
  public var code: Int32

  public init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }

  public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
