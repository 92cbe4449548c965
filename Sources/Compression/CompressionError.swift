/// A file that cannot be opened, read or decompressed; prints as one line, `edges.csv.gz: truncated: …`.
///
/// Modules that read formats turn it into their own input error.
public struct CompressionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file at fault.
  public var file: String
  /// What is wrong with it.
  public var message: String

  public init(file: String, message: String) {
    self.file = file
    self.message = message
  }

  public var description: String { "\(file): \(message)" }
}
