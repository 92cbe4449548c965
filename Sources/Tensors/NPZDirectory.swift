/// The table of contents of a zip archive (PKWARE APPNOTE 6.3.3), with zip64.
///
/// ```
/// local header, name, extra, data │ … │ central directory │ zip64 record, locator │ end record, comment
/// ```
struct NPZDirectory {
  /// Where one file of the archive lies.
  struct Entry {
    enum Method { case stored, deflated }
    var name: String
    var method: Method
    var checkValue: UInt32
    /// Bytes of the archive that hold the content.
    var data: Range<Int>
    /// Bytes of the content.
    var size: Int
  }

  let entries: [Entry]

  /// Reads the central directory and looks at every local header.
  ///
  /// - Throws: `InputError` when a record is missing, crosses the end of the file, is encrypted or uses an unknown method.
  init(parsing bytes: UnsafeRawBufferPointer, place: String) throws {
    let archive = ZipBytes(bytes: bytes, place: place)
    let directory = try Self.locate(in: archive)
    var entries = [Entry]()
    var position = directory.offset
    for _ in 0..<directory.count {
      try archive.expect(0x0201_4B50, "a central directory record", at: position)
      let nameLength = Int(try archive.uint16(position + 28))
      let extraLength = Int(try archive.uint16(position + 30))
      let length = 46 + nameLength + extraLength + Int(try archive.uint16(position + 32))
      try archive.require(position, length)
      entries.append(try Self.entry(in: archive, at: position, nameLength: nameLength, extraLength: extraLength))
      position += length
    }
    self.entries = entries
  }

  /// Finds the central directory from the end of the archive.
  private static func locate(in archive: ZipBytes) throws -> (offset: Int, count: Int) {
    let size = archive.bytes.count
    var end = size - 22
    // A comment of up to 65,535 bytes may follow the record.
    while end >= max(0, size - 22 - 65_535), try archive.uint32(end) != 0x0605_4B50 { end -= 1 }
    guard end >= max(0, size - 22 - 65_535) else {
      throw InputError(archive.place, expected: "a .npz file", found: "\(size) bytes without a zip end record (truncated?)")
    }
    var count = UInt64(try archive.uint16(end + 10))
    var length = UInt64(try archive.uint32(end + 12))
    var offset = UInt64(try archive.uint32(end + 16))
    if count == 0xFFFF || length == 0xFFFF_FFFF || offset == 0xFFFF_FFFF, end >= 20, try archive.uint32(end - 20) == 0x0706_4B50 {
      let record = try archive.offset(try archive.uint64(end - 12))
      try archive.expect(0x0606_4B50, "a zip64 end record", at: record)
      count = try archive.uint64(record + 32)
      length = try archive.uint64(record + 40)
      offset = try archive.uint64(record + 48)
    }
    let start = try archive.offset(offset)
    // Every record is 46 bytes or more: a count that cannot be true must not size anything.
    guard length <= UInt64(end - start), count <= length / 46 else {
      throw InputError(
        archive.place, expected: "a central directory of \(count) records inside the file", found: "\(length) bytes at \(offset) of \(size)"
      )
    }
    return (start, Int(count))
  }

  private static func entry(in archive: ZipBytes, at position: Int, nameLength: Int, extraLength: Int) throws -> Entry {
    let name = String(decoding: archive.bytes[position + 46..<position + 46 + nameLength], as: UTF8.self)
    let entryPlace = "\(archive.place)(\(name))"
    guard try archive.uint16(position + 8) & 1 == 0 else {
      throw InputError(entryPlace, expected: "a plain zip entry", found: "an encrypted one")
    }
    let method: Entry.Method
    switch try archive.uint16(position + 10) {
    case 0: method = .stored
    case 8: method = .deflated
    case let other: throw InputError(entryPlace, expected: "zip method 0 (stored) or 8 (deflate)", found: "method \(other)")
    }
    var fields = [
      UInt64(try archive.uint32(position + 24)), UInt64(try archive.uint32(position + 20)), UInt64(try archive.uint32(position + 42)),
    ]
    let extra = position + 46 + nameLength
    try readZip64(&fields, in: archive, extra..<extra + extraLength, place: entryPlace)
    let header = try archive.offset(fields[2])
    try archive.expect(0x0403_4B50, "a local header", at: header)
    let start = header + 30 + Int(try archive.uint16(header + 26)) + Int(try archive.uint16(header + 28))
    guard start <= archive.bytes.count, fields[1] <= UInt64(archive.bytes.count - start), let size = Int(exactly: fields[0]) else {
      throw InputError(entryPlace, expected: "\(fields[1]) bytes of data", found: "the end of the file")
    }
    return Entry(
      name: name, method: method, checkValue: try archive.uint32(position + 16), data: start..<start + Int(fields[1]), size: size)
  }

  /// Replaces each field (content size, stored size, offset) that is all ones by its 64-bit value from the extra field.
  private static func readZip64(_ fields: inout [UInt64], in archive: ZipBytes, _ extra: Range<Int>, place: String) throws {
    guard fields.contains(0xFFFF_FFFF) else { return }
    var position = extra.lowerBound
    while position + 4 <= extra.upperBound {
      let length = Int(try archive.uint16(position + 2))
      if try archive.uint16(position) == 1 {
        var value = position + 4
        for index in fields.indices where fields[index] == 0xFFFF_FFFF {
          guard value + 8 <= min(position + 4 + length, extra.upperBound) else {
            throw InputError(place, expected: "64-bit sizes in the zip64 field", found: "a field of \(length) bytes")
          }
          fields[index] = try archive.uint64(value)
          value += 8
        }
        return
      }
      position += 4 + length
    }
  }
}

/// Checked little-endian reads from an archive.
private struct ZipBytes {
  let bytes: UnsafeRawBufferPointer
  let place: String

  func require(_ offset: Int, _ count: Int) throws {
    guard offset >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw InputError(place, expected: "\(count) bytes at offset \(offset)", found: "a file of \(bytes.count) bytes (truncated?)")
    }
  }

  func uint16(_ offset: Int) throws -> UInt16 {
    try require(offset, 2)
    return bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self).littleEndian
  }

  func uint32(_ offset: Int) throws -> UInt32 {
    try require(offset, 4)
    return bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian
  }

  func uint64(_ offset: Int) throws -> UInt64 {
    try require(offset, 8)
    return bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
  }

  func expect(_ signature: UInt32, _ record: String, at offset: Int) throws {
    guard try uint32(offset) == signature else {
      throw InputError(place, expected: "\(record) at offset \(offset)", found: "other bytes")
    }
  }

  /// A position in the file that the file itself states.
  func offset(_ value: UInt64) throws -> Int {
    guard value <= UInt64(bytes.count) else {
      throw InputError(place, expected: "an offset inside the file of \(bytes.count) bytes", found: "\(value)")
    }
    return Int(value)
  }
}
