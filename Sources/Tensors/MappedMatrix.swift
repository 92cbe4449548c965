import Glibc

/// A float32 matrix that lies in a `.npy` file and is mapped into memory, rows without gaps.
///
/// Its pages are the page cache's: the system writes them back and takes them when memory is short, so a matrix may be larger than
/// memory. Room on the disk is claimed when the file is made: a full disk is an error then, not a signal later.
public final class MappedMatrix: @unchecked Sendable {
  // Sendable: the mapping never moves; callers write disjoint rows or synchronise themselves.
  /// The file; a temporary one has no name any more.
  public let path: String
  public let rows: Int
  public let columns: Int
  private let mapping: UnsafeMutableRawPointer
  private let length: Int
  private let offset: Int

  /// Makes a file, replacing what was there, with unspecified elements.
  ///
  /// - Parameter isTemporary: Takes the file's name away at once: its room is free again when the matrix is.
  /// - Throws: `SystemError` when the file cannot be made or the disk has no room for it.
  public init(creating path: String, rows: Int, columns: Int, isTemporary: Bool = false) throws {
    let header = NPYHeader.encode(elementType: .float32, shape: [rows, columns])
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create \(path)", code: errno) }
    defer { close(descriptor) }
    if isTemporary { unlink(path) }
    self.path = path
    self.rows = rows
    self.columns = columns
    offset = header.count
    length = header.count + 4 * rows * columns
    mapping = try Self.map(descriptor, length: length, path: path)
    mapping.copyMemory(from: header, byteCount: header.count)
  }

  private static func map(_ descriptor: Int32, length: Int, path: String) throws -> UnsafeMutableRawPointer {
    var code = posix_fallocate(descriptor, 0, length)
    while code == EINTR { code = posix_fallocate(descriptor, 0, length) }
    guard code == 0 else { throw SystemError("write \(path)", code: code) }
    guard let mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), mapping != MAP_FAILED else {
      throw SystemError("map \(path)", code: errno)
    }
    return mapping
  }

  /// Maps a file that is there, to be read.
  ///
  /// - Throws: `SystemError` when it cannot be opened, `InputError` when it is no array of this shape.
  /// - Precondition: Nobody writes through `view`.
  public init(opening path: String, rows: Int, columns: Int) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("open \(path)", code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw SystemError("stat \(path)", code: errno) }
    let size = Int(status.st_size)
    guard size > 0 else { throw InputError(path, expected: "a .npy file", found: "an empty one") }
    guard let mapping = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), mapping != MAP_FAILED else {
      throw SystemError("map \(path)", code: errno)
    }
    do {
      let header = try NPYHeader(parsing: UnsafeRawBufferPointer(start: mapping, count: size), place: path)
      guard header.elementType == .float32, header.shape == [rows, columns], !header.fortranOrder,
        header.dataOffset + 4 * rows * columns == size, header.dataOffset % 4 == 0
      else {
        throw InputError(
          path, expected: "float32 of shape [\(rows), \(columns)]", found: "\(header.elementType) of shape \(header.shape), \(size) bytes")
      }
      offset = header.dataOffset
    } catch {
      munmap(mapping, size)
      throw error
    }
    self.path = path
    self.rows = rows
    self.columns = columns
    self.mapping = mapping
    length = size
  }

  deinit { munmap(mapping, length) }

  /// The matrix; valid while its owner lives.
  public var view: MatrixView {
    MatrixView(base: (mapping + offset).assumingMemoryBound(to: Float.self), rows: rows, columns: columns, stride: columns)
  }

  /// Writes every changed page to the disk; returns when all are there.
  ///
  /// - Throws: `SystemError` when the disk refuses.
  public func flush() throws {
    guard msync(mapping, length, Int32(MS_SYNC)) == 0 else { throw SystemError("write \(path)", code: errno) }
  }
}
