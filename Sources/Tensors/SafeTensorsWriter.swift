import Glibc

/// Writes `.safetensors` files; the same tensors and metadata give the same bytes.
///
/// ```
/// header length (8 bytes, little-endian) │ JSON header, keys sorted, padded with spaces │ elements, first at a multiple of 64
/// ```
/// Elements lie without gaps, as the format demands: wider types first, then by name, so that each is aligned to its size.
public enum SafeTensorsWriter {
  /// Writes `tensors` to `path`: to a file beside it first, which takes its name when it is complete and on the disk.
  ///
  /// - Parameter metadata: Free text by key.
  /// - Throws: `SystemError` when the disk refuses; `path` is then as it was.
  /// - Precondition: Names are distinct, and none is `__metadata__`.
  public static func write(_ tensors: [SafeTensor], metadata: [String: String] = [:], to path: String) throws {
    let ordered = tensors.sorted { ($1.elementType.size, $0.name) < ($0.elementType.size, $1.name) }
    let partial = "\(path).partial-\(getpid())"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create \(partial)", code: errno) }
    do {
      defer { close(descriptor) }
      try header(of: ordered, metadata: metadata).withUnsafeBytes { try writeAll($0, to: descriptor, path: partial) }
      for tensor in ordered { try writeAll(UnsafeRawBufferPointer(tensor.bytes.elements), to: descriptor, path: partial) }
      // Renaming first and losing power then would leave a whole name on half a file.
      guard fsync(descriptor) == 0 else { throw SystemError("flush \(partial)", code: errno) }
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, path) == 0 else {
      let code = errno
      unlink(partial)
      throw SystemError("rename \(partial) to \(path)", code: code)
    }
  }

  private static func header(of ordered: [SafeTensor], metadata: [String: String]) -> [UInt8] {
    precondition(Set(ordered.map(\.name)).count == ordered.count, "two tensors have the same name")
    var offset = 0
    var members = [String: String]()
    for tensor in ordered {
      precondition(tensor.name != "__metadata__", "'__metadata__' cannot name a tensor")
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let type = SafeTensorsType.name(of: tensor.elementType)
      members[tensor.name] = #"{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(offset),\#(offset + tensor.bytes.count)]}"#
      offset += tensor.bytes.count
    }
    if !metadata.isEmpty { members["__metadata__"] = object(metadata.mapValues(quoted)) }
    var text = Array(object(members).utf8)
    text += [UInt8](repeating: 0x20, count: (64 - (8 + text.count) % 64) % 64)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
  }

  private static func object(_ members: [String: String]) -> String {
    let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return "{" + sorted.map { "\(quoted($0.key)):\($0.value)" }.joined(separator: ",") + "}"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20: result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write \(path)", code: errno) }
      done += count
    }
  }
}
