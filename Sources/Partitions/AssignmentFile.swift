import Foundation
import Glibc
import Tensors

/// A file with the part of every node, in the order of the flat numbers (`NodeNumbering`): for a plain graph in the user's own.
///
/// `.npy` is an int32 array; `.txt`, and METIS's `.part` or `.part.K`, hold one part a line. `PartitionMethod.given` reads all of them.
public struct AssignmentFile: Sendable {
  public let path: String
  private let isArray: Bool

  /// - Throws: `InputError` when the name ends in none of these.
  public init(_ path: String) throws {
    self.path = path
    isArray = path.hasSuffix(".npy")
    let last = path.split(separator: "/").last.map(String.init) ?? ""
    let fields = last.split(separator: ".", omittingEmptySubsequences: false)
    let isNumbered = fields.count > 2 && fields[fields.count - 2] == "part" && fields.last.flatMap { Int($0) } != nil
    let isMETIS = fields.count > 1 && (fields.last == "part" || isNumbered)
    guard isArray || isMETIS || path.hasSuffix(".txt") else {
      throw InputError(path, expected: "a name that ends in .txt, .npy, .part or .part.K for the assignment", found: "another")
    }
  }

  /// Checks that the file may be written, before any long work is done.
  ///
  /// - Throws: `InputError` when something is there and `force` is not set, or it is no regular file; `SystemError` when its folder takes
  ///   no files.
  public func checkTarget(force: Bool) throws {
    let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent().path
    guard access(folder, W_OK | X_OK) == 0 else { throw SystemError("write to \(folder)", code: errno) }
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else { throw InputError(path, expected: "a file to write", found: "something else") }
    guard force else { throw InputError(path, expected: "a new file, or --force", found: "one that exists") }
  }

  /// Writes the parts under another name, which becomes `path` when all are written.
  ///
  /// - Throws: `SystemError` when the disk refuses; the file is then as it was.
  public func write(_ parts: [UInt16]) throws {
    let partial = "\(path).partial-\(getpid())"
    do {
      let numbers = parts.map(Int32.init)
      if isArray {
        try NPYWriter.write(numbers, to: partial, elementType: .int32, shape: [numbers.count])
      } else {
        try writeText(parts, to: partial)
      }
      try DiskFlush.flush([partial])
      guard rename(partial, path) == 0 else { throw SystemError("rename \(partial) to \(path)", code: errno) }
    } catch {
      unlink(partial)
      throw error
    }
  }

  private func writeText(_ parts: [UInt16], to partial: String) throws {
    let file = try NewTextFile(partial)
    for part in parts {
      try file.append(Int(part))
      try file.append(UInt8(ascii: "\n"))
    }
    try file.close()
  }
}

/// A text file of whole numbers under construction.
final class NewTextFile {
  private let path: String
  private var descriptor: Int32
  private var pending: [UInt8] = []
  private static let blockSize = 1 << 20

  /// Creates `path`, replacing what was there.
  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create \(path)", code: errno) }
    pending.reserveCapacity(Self.blockSize + 32)
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  func append(_ byte: UInt8) throws {
    pending.append(byte)
    if pending.count >= Self.blockSize { try flush() }
  }

  /// Appends the digits of a number of 0 or more.
  func append(_ number: Int) throws {
    let start = pending.count
    var rest = number
    repeat {
      pending.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    pending[start...].reverse()
    if pending.count >= Self.blockSize { try flush() }
  }

  func close() throws {
    try flush()
    let result = Glibc.close(descriptor)
    descriptor = -1
    guard result == 0 else { throw SystemError("close \(path)", code: errno) }
  }

  private func flush() throws {
    var done = 0
    while done < pending.count {
      let count = pending.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, pending.count - done) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write \(path)", code: errno) }
      done += count
    }
    pending.removeAll(keepingCapacity: true)
  }
}
