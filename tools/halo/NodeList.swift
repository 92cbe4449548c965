import Foundation
import Tensors

/// Nodes by the user's numbers.
enum NodeList {
  /// Reads `3,1,4`, a text file with a number on each line, or a .npy array.
  static func read(_ text: String) throws -> [Int64] {
    let fields = text.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
    if !fields.contains(nil) { return fields.compactMap(\.self) }
    if text.hasSuffix(".npy") {
      let numbers = try NPYArray(mapping: text).copyIntegers()
      return withExtendedLifetime(numbers) { Array(numbers.elements) }
    }
    let file = try MappedFile(text)
    let lines = withExtendedLifetime(file) { String(decoding: file.bytes, as: UTF8.self) }.split(
      separator: "\n", omittingEmptySubsequences: false)
    return try lines.enumerated().compactMap { index, line in
      let word = line.trimmingCharacters(in: .whitespaces)
      if word.isEmpty { return nil }
      guard let number = Int64(word) else { throw InputError(text, line: index + 1, expected: "a node's number", found: "'\(word)'") }
      return number
    }
  }
}
