import Foundation
import Yams

/// The text of a job file, taken apart into keys and values by Yams.
struct JobText {
  let path: String
  private let text: String

  struct Key {
    var text: String
    /// From 1.
    var line: Int
  }

  init(path: String, bytes: Data) throws {
    self.path = path
    guard let text = String(data: bytes, encoding: .utf8) else {
      throw ConfigurationError(path, expected: "text in UTF-8", found: "other bytes")
    }
    self.text = text
  }

  /// Keys and values in the order of the file.
  func entries() throws -> [(Key, Node)] {
    let root: Node?
    do { root = try compose(yaml: text, .default, .default, .utf8) } catch let error as YamlError { throw fault(error) }
    guard let mapping = root?.mapping else {
      throw ConfigurationError(path, expected: "lines 'key: value'", found: root == nil ? "nothing" : "something else")
    }
    return try mapping.map { key, value in
      let line = key.mark?.line ?? 1
      guard let name = key.scalar?.string else {
        throw ConfigurationError("\(path):\(line)", expected: "a key of a job", found: "a key that is no text")
      }
      return (Key(text: name, line: line), value)
    }
  }

  private func fault(_ error: YamlError) -> ConfigurationError {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let found = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
      return ConfigurationError("\(path):\(mark.line)", expected: "YAML", found: "an error: \(found)")
    case .duplicatedKeysInMapping(let names, _):
      let name = names.min() ?? ""
      return ConfigurationError(place(ofSecond: name), expected: "every key once", found: "'\(name)' twice")
    case .reader(let problem, let offset, _, _):
      let line = offset.map { text.prefix($0).count { $0.isNewline } + 1 }
      return ConfigurationError(line.map { "\(path):\($0)" } ?? path, expected: "YAML", found: "an error: \(problem)")
    default:
      return ConfigurationError(path, expected: "YAML", found: "an error: \(error)")
    }
  }

  /// The second line that begins with a key; Yams names the key alone.
  private func place(ofSecond name: String) -> String {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    let found = lines.indices.filter { line in
      let key = lines[line].split(separator: ":", maxSplits: 1).first ?? ""
      return key.trimming { $0.isWhitespace || $0 == "\"" || $0 == "'" } == name
    }
    return found.count > 1 ? "\(path):\(found[1] + 1)" : path
  }
}

extension Substring {
  fileprivate func trimming(_ drops: (Character) -> Bool) -> Substring {
    let head = drop(while: drops)
    return head[..<(head.lastIndex { !drops($0) }.map(head.index(after:)) ?? head.startIndex)]
  }
}
