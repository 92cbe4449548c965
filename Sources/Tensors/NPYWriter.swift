import Glibc

/// Streams an array to a new `.npy` file; the elements begin at a multiple of 64 bytes.
///
/// Confined to one thread. A file that was not closed is not a whole array.
public final class NPYWriter {
  private let path: String
  private var descriptor: Int32
  private let elementType: ElementType
  /// Bytes of the announced shape; `nil` where the length comes with the end.
  private let expectedBytes: Int?
  private var writtenBytes = 0
  private var pending: [UInt8]
  private static let blockSize = 1 << 20

  /// Creates `path`, replacing what was there.
  ///
  /// - Throws: `SystemError` when it cannot be created.
  public init(creating path: String, elementType: ElementType, shape: [Int]) throws {
    self.path = path
    self.elementType = elementType
    expectedBytes = shape.reduce(1, *) * elementType.size
    descriptor = try Self.create(path)
    pending = NPYHeader.encode(elementType: elementType, shape: shape)
    pending.reserveCapacity(Self.blockSize + 4096)
  }

  /// Creates `path` for one dimension of as many elements as are written until it is closed.
  ///
  /// - Throws: `SystemError` when it cannot be created.
  public init(creating path: String, elementType: ElementType) throws {
    self.path = path
    self.elementType = elementType
    expectedBytes = nil
    descriptor = try Self.create(path)
    pending = Self.lastHeader(elementType)
    pending.reserveCapacity(Self.blockSize + 4096)
  }

  /// The header of the longest array: headers are padded, so that of any other one is as long.
  private static func lastHeader(_ elementType: ElementType) -> [UInt8] {
    NPYHeader.encode(elementType: elementType, shape: [Int(Int32.max) << 8])
  }

  private static func create(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create \(path)", code: errno) }
    return descriptor
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Appends elements in C order.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    writtenBytes += bytes.count
    if pending.count + bytes.count <= Self.blockSize {
      pending.append(contentsOf: bytes)
    } else {
      try flush()
      if bytes.count <= Self.blockSize { pending.append(contentsOf: bytes) } else { try writeAll(bytes) }
    }
  }

  /// Appends elements in C order.
  public func write<T: BitwiseCopyable>(_ elements: some Collection<T>) throws {
    let direct: Void? = try elements.withContiguousStorageIfAvailable { try write(UnsafeRawBufferPointer($0)) }
    if direct == nil { try Array(elements).withUnsafeBytes { try write($0) } }
  }

  /// Completes the file.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  /// - Precondition: Exactly the announced shape was written, or whole elements.
  public func close() throws {
    if let expectedBytes {
      precondition(writtenBytes == expectedBytes, "\(path): wrote \(writtenBytes) bytes of \(expectedBytes)")
    }
    try flush()
    if expectedBytes == nil { try writeLength() }
    let result = Glibc.close(descriptor)
    descriptor = -1
    guard result == 0 else { throw SystemError("close \(path)", code: errno) }
  }

  /// Puts the number of elements into the header.
  private func writeLength() throws {
    precondition(writtenBytes % elementType.size == 0, "\(path): wrote \(writtenBytes) bytes of elements of \(elementType.size)")
    let header = NPYHeader.encode(elementType: elementType, shape: [writtenBytes / elementType.size])
    precondition(header.count == Self.lastHeader(elementType).count, "headers of two lengths")
    guard pwrite(descriptor, header, header.count, 0) == header.count else { throw SystemError("write \(path)", code: errno) }
  }

  private func flush() throws {
    try pending.withUnsafeBytes { try writeAll($0) }
    pending.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write \(path)", code: errno) }
      done += count
    }
  }

  /// Writes a whole array at once.
  public static func write<T: BitwiseCopyable>(
    _ elements: some Collection<T>, to path: String, elementType: ElementType, shape: [Int]
  ) throws {
    let writer = try NPYWriter(creating: path, elementType: elementType, shape: shape)
    try writer.write(elements)
    try writer.close()
  }
}
