import Tensors

/// Parts read from a file, one number a node in the order of the flat numbers.
enum GivenPartition {
  /// Reads a text file with one part a line, or a one-dimensional `.npy` array of whole numbers.
  ///
  /// - Throws: `SystemError` when the file cannot be read; `InputError` naming the line at fault, the wrong count, or the
  ///   part without a node.
  static func read(_ path: String, nodeCount: Int, partCount: Int) throws -> [UInt16] {
    let parts =
      path.hasSuffix(".npy")
      ? try readArray(path, nodeCount: nodeCount, partCount: partCount)
      : try readText(path, nodeCount: nodeCount, partCount: partCount)
    var used = [Bool](repeating: false, count: partCount)
    for part in parts { used[Int(part)] = true }
    if let empty = used.firstIndex(of: false) {
      throw InputError(path, expected: "a node in each of \(partCount) parts", found: "none in part \(empty)")
    }
    return parts
  }

  private static func readText(_ path: String, nodeCount: Int, partCount: Int) throws -> [UInt16] {
    let file = try MappedFile(path)
    let bytes = file.view(of: UInt8.self, offset: 0, count: file.bytes.count)
    var parts: [UInt16] = []
    parts.reserveCapacity(nodeCount)
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let text = String(decoding: bytes[start..<end], as: UTF8.self).trimmed
      let line = parts.count + 1
      guard parts.count < nodeCount else {
        if bytes[start...].allSatisfy(\.isBlank) { break }
        throw InputError(path, line: line, expected: "\(nodeCount) lines, one for each node", found: "more")
      }
      guard let part = Int(text), (0..<partCount).contains(part) else {
        throw InputError(path, line: line, expected: "a part from 0 to \(partCount - 1)", found: "'\(text.prefix(40))'")
      }
      parts.append(UInt16(part))
      start = end + 1
    }
    guard parts.count == nodeCount else {
      throw InputError(path, expected: "\(nodeCount) lines, one for each node", found: "\(parts.count)")
    }
    return parts
  }

  private static func readArray(_ path: String, nodeCount: Int, partCount: Int) throws -> [UInt16] {
    let array = try NPYArray(mapping: path)
    func parts<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws -> [UInt16] {
      try array.elements(as: type, shape: [nodeCount]).enumerated().map { node, part in
        guard part >= 0, part < partCount else {
          throw InputError("\(path), row \(node)", expected: "a part from 0 to \(partCount - 1)", found: "\(part)")
        }
        return UInt16(part)
      }
    }
    switch array.elementType {
    case .int8: return try parts(Int8.self)
    case .int16: return try parts(Int16.self)
    case .int32: return try parts(Int32.self)
    case .int64: return try parts(Int64.self)
    case .uint8: return try parts(UInt8.self)
    case .uint16: return try parts(UInt16.self)
    case .uint32: return try parts(UInt32.self)
    case .uint64: return try parts(UInt64.self)
    case .float32, .float64, .float16, .bfloat16, .bool:
      throw InputError(path, expected: "whole numbers", found: "\(array.elementType)")
    }
  }
}

extension UInt8 {
  /// Space, tab, carriage return or line feed.
  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D || self == 0x0A }
}

extension String {
  /// The text without blanks at either end.
  fileprivate var trimmed: Substring {
    var text = self[...]
    while text.utf8.first?.isBlank == true { text.removeFirst() }
    while text.utf8.last?.isBlank == true { text.removeLast() }
    return text
  }
}
