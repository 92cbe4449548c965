import Foundation

/// A `.safetensors` file mapped read-only.
public struct SafeTensorsFile: Sendable {
  public let path: String
  /// Free text by key.
  public let metadata: [String: String]
  /// Names of the tensors, sorted.
  public var names: [String] { tensors.keys.sorted() }
  private let tensors: [String: SafeTensor]

  /// The reference implementation's limit for a header.
  private static let longestHeader = 100_000_000

  /// Maps `path` and checks its header: every tensor's bytes fit its type and shape, and together they fill the file.
  ///
  /// - Throws: `SystemError` when it cannot be mapped, `InputError` when a check fails.
  public init(mapping path: String) throws {
    let file = try MappedFile(path)
    func fail(_ expected: String, _ found: String) -> InputError { InputError(path, expected: expected, found: found) }
    guard file.bytes.count >= 8 else { throw fail("a .safetensors file", "\(file.bytes.count) bytes") }
    let announced = file.bytes.loadUnaligned(as: UInt64.self).littleEndian
    guard announced <= UInt64(min(Self.longestHeader, file.bytes.count - 8)) else {
      throw fail("a .safetensors header inside the file", "a length of \(announced) in \(file.bytes.count) bytes")
    }
    let start = 8 + Int(announced)
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(file.bytes[8..<start]))
    } catch {
      throw fail("a JSON header of tensors", "'\(String(decoding: file.bytes[8..<min(start, 72)], as: UTF8.self))'")
    }
    var tensors = [String: SafeTensor]()
    var end = 0
    for (name, entry) in header.entries.sorted(by: { $0.value.offsets.lexicographicallyPrecedes($1.value.offsets) }) {
      guard let type = SafeTensorsType.type(named: entry.dtype) else { throw fail("a known element type for '\(name)'", entry.dtype) }
      guard entry.offsets.count == 2, entry.offsets[0] == end, entry.offsets[1] >= end,
        entry.offsets[1] <= file.bytes.count - start
      else { throw fail("the bytes of '\(name)' to follow byte \(end)", "offsets \(entry.offsets)") }
      let length = entry.offsets[1] - end
      guard Self.size(of: entry.shape, type) == length else {
        throw fail("\(length) bytes to match the shape of '\(name)'", "\(entry.shape) of \(type)")
      }
      var bytes = file.view(of: UInt8.self, offset: start + end, count: length)
      if UInt(bitPattern: bytes.pointer) % UInt(type.size) != 0 { bytes = ArrayView(bytes) }
      tensors[name] = SafeTensor(name: name, elementType: type, shape: entry.shape, bytes: bytes)
      end += length
    }
    guard end == file.bytes.count - start else { throw fail("\(end) bytes of tensors", "\(file.bytes.count - start)") }
    self.path = path
    self.metadata = header.metadata
    self.tensors = tensors
  }

  /// The tensor `name`, or `nil` where the file has none.
  public subscript(name: String) -> SafeTensor? { tensors[name] }

  /// The elements of the float32 tensor `name`.
  ///
  /// - Throws: `InputError` when there is no such tensor, or its shape or type differs.
  public func floats(_ name: String, shape: [Int]) throws -> ArrayView<Float> {
    guard let tensor = tensors[name] else { throw InputError(path, expected: "a tensor '\(name)'", found: "none") }
    guard tensor.shape == shape, tensor.elementType == .float32 else {
      throw InputError(path, expected: "'\(name)' of shape \(shape), float32", found: "shape \(tensor.shape), \(tensor.elementType)")
    }
    return tensor.floats
  }

  /// Bytes of an array, or `nil` where its shape is none or too large.
  private static func size(of shape: [Int], _ type: ElementType) -> Int? {
    var size = type.size
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else { return nil }
      size = product
    }
    return size
  }

  /// The JSON header: entries of tensors by name, and text under `__metadata__`.
  private struct Header: Decodable {
    struct Entry: Decodable {
      var dtype: String
      var shape: [Int]
      var offsets: [Int]

      enum CodingKeys: String, CodingKey {
        case dtype, shape
        case offsets = "data_offsets"
      }
    }

    struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    var entries = [String: Entry]()
    var metadata = [String: String]()

    init(from decoder: any Swift.Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for key in container.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
        }
      }
    }
  }
}
