import Glibc

/// A whole file mapped read-only into memory; processes of one host that map the same file share its pages.
public final class MappedFile: @unchecked Sendable {
  // Sendable: the mapping is read-only and never moves.
  public let path: String
  public let bytes: UnsafeRawBufferPointer

  /// - Throws: `SystemError` when the file cannot be opened or mapped.
  public init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(path)", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("stat \(path)", code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(path, expected: "a regular file", found: "a directory or a special file")
    }
    let size = Int(status.st_size)
    self.path = path
    if size == 0 {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let base = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw SystemError("map \(path)", code: errno)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: size)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  /// Elements of the file from `offset`, kept alive by the view.
  ///
  /// - Precondition: `offset` is a multiple of the element's alignment and the elements lie inside the file.
  public func view<Element: BitwiseCopyable>(of type: Element.Type, offset: Int, count: Int) -> ArrayView<Element> {
    precondition(offset >= 0 && count >= 0 && offset + count * MemoryLayout<Element>.stride <= bytes.count, "view outside \(path)")
    precondition(offset % MemoryLayout<Element>.alignment == 0, "unaligned view of \(path)")
    guard count > 0, let base = bytes.baseAddress else { return ArrayView() }
    return ArrayView(pointer: (base + offset).assumingMemoryBound(to: type), count: count, owner: self, isMapped: true)
  }
}
