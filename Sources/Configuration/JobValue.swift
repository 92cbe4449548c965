import Foundation
import Yams

/// A value of a job file with its place, and what it can be read as.
struct JobValue {
  /// File, line and key, as an error names them: `job.yaml:3: epochs`.
  let place: String
  /// Folder of the file; paths are relative to it.
  let folder: String
  private let node: Node

  init(_ node: Node, place: String, folder: String) {
    self.node = node
    self.place = place
    self.folder = folder
  }

  /// A number written as such; one in quotation marks is a text.
  ///
  /// - Parameter expected: What an error says should stand here.
  func number<Number: LosslessStringConvertible>(_ expected: String) throws -> Number {
    guard let scalar = node.scalar, scalar.style == .plain, let number = Number(scalar.string) else { throw error(expected) }
    return number
  }

  /// A number or a list of numbers, also as the text `0.0005,0`.
  func numbers() throws -> [Float] {
    let expected = "a number or a list of numbers"
    if let sequence = node.sequence {
      return try sequence.map { try JobValue($0, place: place, folder: folder).number(expected) }
    }
    guard let fields = node.scalar?.string.split(separator: ",", omittingEmptySubsequences: false) else { throw error(expected) }
    return try fields.map { field in
      guard let number = Float(field) else { throw error(expected) }
      return number
    }
  }

  func flag() throws -> Bool {
    switch node.scalar?.string {
    case "true", "on", "yes": return true
    case "false", "off", "no": return false
    default: throw error("true or false")
    }
  }

  func name() throws -> String {
    guard let scalar = node.scalar, !isNothing else { throw error("a name") }
    return scalar.string
  }

  func path() throws -> String {
    guard let path = node.scalar?.string, !path.isEmpty, !isNothing else { throw error("a path") }
    return path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>() throws -> Choice {
    guard let text = node.scalar?.string, let choice = Choice(rawValue: text) else {
      throw error(Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  /// A text, or a list whose items stand between commas in the text that it is an equal of.
  func joined() throws -> String {
    if let sequence = node.sequence {
      return try sequence.map { item in
        guard let text = item.scalar?.string else { throw error("a text or a list of texts") }
        return text
      }.joined(separator: ",")
    }
    guard let scalar = node.scalar, !isNothing else { throw error("a text or a list of texts") }
    return scalar.string
  }

  private var isNothing: Bool { node.scalar.map { $0.style == .plain && ["", "~", "null"].contains($0.string) } ?? false }

  private func error(_ expected: String) -> ConfigurationError { ConfigurationError(place, expected: expected, found: found) }

  private var found: String {
    switch node {
    case .scalar where isNothing: "nothing"
    case .scalar(let scalar): "'\(scalar.string)'\(scalar.style == .plain ? "" : ", a text in quotation marks")"
    case .sequence(let items): "a list of \(items.count)"
    case .mapping: "keys and values"
    case .alias: "an alias"
    }
  }

  /// `text` as a value of a YAML file: as it is where that is safe, otherwise in quotation marks.
  static func quoted(_ text: String) -> String {
    if text.wholeMatch(of: /[A-Za-z\/][A-Za-z0-9\/_.+-]*/) != nil, !["null"].contains(text) { return text }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: (try? encoder.encode(text)) ?? Data(), as: UTF8.self)  // Text always encodes.
  }
}
