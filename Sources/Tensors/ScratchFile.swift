import Glibc
import Synchronization

/// Temporary data in a file without a name: however the program ends, nothing of it is left.
///
/// Written from its start by one thread, then mapped.
package final class ScratchFile {
  private static let serial = Atomic<Int>(0)
  private static let blockBytes = 1 << 18
  /// At most so many bytes wait for the disk.
  private static let flushedBytes = 32 << 20
  private let place: String
  private let descriptor: Int32
  private let pending: UnsafeMutableRawBufferPointer
  private var filled = 0
  /// Bytes in the file.
  private var written = 0
  /// Of these, bytes that are on the disk.
  private var flushed = 0

  /// - Throws: `SystemError` when the folder takes no files.
  package init(in folder: String) throws {
    place = "a temporary file in \(folder)"
    while true {
      let path = "\(folder)/.halo-\(getpid())-\(Self.serial.wrappingAdd(1, ordering: .relaxed).oldValue)"
      let opened = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      let code = errno
      if opened < 0 && code == EEXIST { continue }
      guard opened >= 0 else { throw SystemError("create \(place)", code: code) }
      unlink(path)
      descriptor = opened
      break
    }
    pending = .allocate(byteCount: Self.blockBytes, alignment: 64)
  }

  deinit {
    pending.deallocate()
    close(descriptor)
  }

  /// Bytes appended so far.
  package var count: Int { written + filled }

  /// - Throws: `SystemError` when the disk refuses.
  package func append(_ bytes: UnsafeRawBufferPointer) throws {
    if filled + bytes.count > pending.count { try flush() }
    if bytes.count > pending.count { return try write(bytes) }
    guard bytes.count > 0 else { return }
    (pending.baseAddress! + filled).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
    filled += bytes.count
  }

  /// Appends the bytes of one value.
  package func append<T: BitwiseCopyable>(_ value: T) throws { try withUnsafeBytes(of: value) { try append($0) } }

  /// Everything appended so far, as elements of `type`; the view outlives the file.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  package func mapped<T: BitwiseCopyable>(as type: T.Type) throws -> ArrayView<T> {
    guard let mapping = try map(PROT_READ) else { return ArrayView() }
    return ArrayView(
      pointer: UnsafeRawPointer(mapping.base).assumingMemoryBound(to: type), count: elements(of: type), owner: mapping, isMapped: true)
  }

  /// The same as a buffer that may be changed, in the file alone; it outlives the file.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  package func mappedBuffer<T: BitwiseCopyable>(of type: T.Type) throws -> Buffer<T> {
    guard let mapping = try map(PROT_READ | PROT_WRITE) else { return Buffer(count: 0) }
    return Buffer(sharing: mapping, pointer: mapping.base.assumingMemoryBound(to: type), count: elements(of: type), isMapped: true)
  }

  private func elements<T>(of type: T.Type) -> Int {
    precondition(written % MemoryLayout<T>.stride == 0, "\(place) of \(written) bytes")
    return written / MemoryLayout<T>.stride
  }

  /// `nil` for an empty file.
  private func map(_ protection: Int32) throws -> Mapping? {
    try flush()
    guard written > 0 else { return nil }
    guard let base = mmap(nil, written, protection, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw SystemError("map \(place)", code: errno)
    }
    return Mapping(base: base, count: written)
  }

  private final class Mapping {
    let base: UnsafeMutableRawPointer
    private let count: Int

    init(base: UnsafeMutableRawPointer, count: Int) {
      self.base = base
      self.count = count
    }

    deinit { munmap(base, count) }
  }

  private func flush() throws {
    let block = UnsafeRawBufferPointer(rebasing: pending[..<filled])
    filled = 0
    try write(block)
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, Self.flushedBytes))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write \(place)", code: errno) }
      done += count
      written += count
      if written - flushed >= Self.flushedBytes { try flushToDisk() }
    }
  }

  /// Waits until everything is on the disk: pages that wait for it cannot be taken back when memory is short.
  private func flushToDisk() throws {
    guard fdatasync(descriptor) == 0 || errno == EINVAL else { throw SystemError("write \(place)", code: errno) }
    flushed = written
  }
}
