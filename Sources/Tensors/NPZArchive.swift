import Compression

/// A `.npz` file: `.npy` arrays in a zip archive, as `numpy.savez` and `numpy.savez_compressed` write them.
///
/// The file is mapped; a stored array is a view of the mapping, a compressed one is inflated into memory when it is asked for.
public final class NPZArchive: Sendable {
  public let path: String
  /// Names of the arrays, without `.npy`, in the order of the archive.
  public let names: [String]
  private let file: MappedFile
  private let entries: [String: NPZDirectory.Entry]

  /// Maps `path` and reads its table of contents.
  ///
  /// - Throws: `SystemError` when it cannot be mapped, `InputError` when it is not a zip archive whose parts all lie inside it.
  public init(mapping path: String) throws {
    file = try MappedFile(path)
    self.path = path
    var names = [String]()
    var entries = [String: NPZDirectory.Entry]()
    for entry in try NPZDirectory(parsing: file.bytes, place: path).entries where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw InputError(path, expected: "each array once", found: "'\(entry.name)' twice")
      }
      names.append(name)
    }
    self.names = names
    self.entries = entries
  }

  /// The array `name`, its check value verified.
  ///
  /// - Throws: `InputError` when there is no such array, its content is damaged, or its header does not fit its size.
  public func array(_ name: String) throws -> NPYArray {
    let (content, place) = try content(of: name)
    let header = try NPYHeader(parsing: UnsafeRawBufferPointer(content.elements), place: place)
    guard !header.fortranOrder || header.shape.count < 2 else {
      throw InputError(place, expected: "an array in C order", found: "Fortran order")
    }
    let size = header.elementCount * header.elementType.size
    guard content.count - header.dataOffset == size else {
      throw InputError(
        place, expected: "\(size) bytes for shape \(header.shape) of \(header.elementType)",
        found: "\(content.count - header.dataOffset) bytes")
    }
    var bytes = content.slice(header.dataOffset..<content.count)
    // zip aligns nothing.
    if UInt(bitPattern: bytes.pointer) % UInt(header.elementType.size) != 0 { bytes = ArrayView(bytes) }
    return NPYArray(place: place, shape: header.shape, elementType: header.elementType, bytes: bytes)
  }

  /// The text of a scalar array of bytes or characters, `numpy.array(b"csr")`: its characters below 128.
  ///
  /// - Throws: `InputError` when there is no such array or it is no short text.
  public func text(_ name: String) throws -> String {
    let (content, place) = try content(of: name)
    // The element type is 'S<n>' or '<U<n>', which no numeric reader knows: the text is what follows the header line.
    guard let headerEnd = content.firstIndex(of: 0x0A), headerEnd < 4096, content.count - headerEnd <= 1024 else {
      throw InputError(place, expected: "a short text", found: "\(content.count) bytes")
    }
    return String(decoding: content[(headerEnd + 1)...].filter { $0 != 0 && $0 < 0x80 }, as: UTF8.self)
  }

  /// The whole `.npy` file behind `name`.
  private func content(of name: String) throws -> (ArrayView<UInt8>, place: String) {
    guard let entry = entries[name] else {
      throw InputError(path, expected: "an array '\(name)'", found: names.isEmpty ? "no array" : names.joined(separator: ", "))
    }
    let place = "\(path)(\(entry.name))"
    let stored = file.view(of: UInt8.self, offset: entry.data.lowerBound, count: entry.data.count)
    let content: ArrayView<UInt8>
    switch entry.method {
    case .stored:
      guard stored.count == entry.size else {
        throw InputError(place, expected: "\(entry.size) stored bytes", found: "\(stored.count)")
      }
      content = stored
    case .deflated: content = try Self.inflate(stored, to: entry.size, place: place)
    }
    guard Deflate.crc32(UnsafeRawBufferPointer(content.elements)) == entry.checkValue else {
      throw InputError(place, expected: "content that matches its CRC-32", found: "damaged content")
    }
    return (content, place)
  }

  private static func inflate(_ stored: ArrayView<UInt8>, to size: Int, place: String) throws -> ArrayView<UInt8> {
    guard size / Deflate.largestRatio <= stored.count else {
      throw InputError(
        place, expected: "at most \(Deflate.largestRatio) bytes from each compressed one", found: "\(size) from \(stored.count)")
    }
    let buffer = Buffer<UInt8>(count: size)
    do {
      try Deflate.inflate(
        UnsafeRawBufferPointer(stored.elements), into: UnsafeMutableRawBufferPointer(buffer.elements), file: place)
    } catch {
      throw InputError(place, expected: "\(size) bytes of content", found: error.message)
    }
    return buffer.view
  }
}

extension NPYArray {
  /// An array whose header and size were checked against each other.
  fileprivate init(place: String, shape: [Int], elementType: ElementType, bytes: ArrayView<UInt8>) {
    path = place
    self.shape = shape
    self.elementType = elementType
    self.bytes = bytes
  }
}
