/// An invariant of a partition directory that does not hold; prints as one line naming file and row.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
  /// File at fault, relative to the directory.
  public let file: String
  /// First row at fault, from 0; `nil` when it is the file as a whole.
  public let row: Int?
  /// What should hold, and what was found.
  public let message: String
  /// Rows of the file that break the same invariant in the same way.
  public let count: Int

  public init(file: String, row: Int?, message: String, count: Int = 1) {
    self.file = file
    self.row = row
    self.message = message
    self.count = count
  }

  public var description: String {
    let place = row.map { "\(file), row \($0)" } ?? file
    return "\(place): \(message)" + (count > 1 ? " (and \(count - 1) more rows)" : "")
  }
}

/// Collects violations: of each invariant and file the first row and how many follow.
final class ViolationLog {
  private struct Key: Hashable {
    let file: String
    let invariant: String
  }

  private var order: [Key] = []
  private var found: [Key: Violation] = [:]

  /// Records a violation of `invariant` unless `holds`; the message is built only for the first one.
  func demand(
    _ holds: Bool, _ invariant: StaticString, file: @autoclosure () -> String, row: Int? = nil, _ found: @autoclosure () -> String
  ) {
    guard !holds else { return }
    let key = Key(file: file(), invariant: invariant.description)
    if let earlier = self.found[key] {
      self.found[key] = Violation(file: key.file, row: earlier.row, message: earlier.message, count: earlier.count + 1)
    } else {
      order.append(key)
      self.found[key] = Violation(file: key.file, row: row, message: "\(key.invariant): \(found())")
    }
  }

  var violations: [Violation] { order.compactMap { found[$0] } }
}
