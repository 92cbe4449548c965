import Foundation
import Tensors

/// A directory written beside its final place and moved there in one step when complete.
struct StagingDirectory {
  /// Where the files are written.
  let path: String
  private let target: String

  /// Creates an empty directory next to `target`.
  ///
  /// - Throws: `InputError` when `target` exists and may not be replaced; `SystemError` when the directory cannot be made.
  init(for target: String, force: Bool) throws {
    try Self.checkTarget(target, force: force)
    try self.init(replacing: target)
  }

  /// Creates an empty directory next to `target`, whatever is there.
  ///
  /// - Throws: `SystemError` when the directory cannot be made.
  init(replacing target: String) throws {
    let url = URL(fileURLWithPath: target).standardizedFileURL
    self.target = url.path
    path = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).partial-\(getpid())").path
    try Self.remove(path)
    try Self.makeDirectory(path)
  }

  /// Checks that a directory may be written to `target`: its parent takes files, and nothing is there, or `force` and it is an
  /// older one.
  ///
  /// - Parameter marker: A file that every directory of the kind has.
  static func checkTarget(
    _ target: String, force: Bool, marker: String = Manifest.fileName, what: String = "an older partition directory to replace"
  ) throws {
    let parent = URL(fileURLWithPath: target).standardizedFileURL.deletingLastPathComponent().path
    guard access(parent, W_OK | X_OK) == 0 else { throw SystemError("write to \(parent)", code: errno) }
    var status = stat()
    guard lstat(target, &status) == 0 else {
      guard errno == ENOENT else { throw SystemError("stat \(target)", code: errno) }
      return
    }
    guard force else { throw InputError(target, expected: "no such directory, or --force", found: "an existing one") }
    let isDirectory = status.st_mode & S_IFMT == S_IFDIR
    let content = isDirectory ? try? FileManager.default.contentsOfDirectory(atPath: target) : nil
    guard let content, content.isEmpty || content.contains(marker) else {
      throw InputError(target, expected: what, found: "something else")
    }
  }

  /// Makes the sub-directory `name`, and those above it.
  func makeDirectory(_ name: String) throws {
    var current = path
    for component in name.split(separator: "/") {
      current += "/" + component
      guard access(current, F_OK) != 0 else { continue }
      try Self.makeDirectory(current)
    }
  }

  /// Removes the sub-directory `name` with what is left in it.
  func remove(_ name: String) throws { try Self.remove("\(path)/\(name)") }

  /// Writes a small file.
  func write(_ bytes: [UInt8], to name: String) throws {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError("create \(file)", code: errno) }
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemError("write \(file)", code: errno) }
      done += count
    }
  }

  /// Flushes everything to the disk and moves the directory to its target, replacing what was there.
  func commit() throws {
    let entries = try FileManager.default.subpathsOfDirectory(atPath: path).map { "\(path)/\($0)" }
    try DiskFlush.flush(entries + [path])
    let retired = "\(path)-old"
    let replaces = access(target, F_OK) == 0
    if replaces { guard rename(target, retired) == 0 else { throw SystemError("rename \(target)", code: errno) } }
    guard rename(path, target) == 0 else {
      let code = errno
      if replaces { rename(retired, target) }
      throw SystemError("rename \(path) to \(target)", code: code)
    }
    try DiskFlush.flush([URL(fileURLWithPath: target).deletingLastPathComponent().path])
    if replaces { try Self.remove(retired) }
  }

  /// Removes everything written so far; for a writer that failed.
  func discard() { try? Self.remove(path) }

  private static func makeDirectory(_ path: String) throws {
    guard mkdir(path, 0o755) == 0 else { throw SystemError("create directory \(path)", code: errno) }
  }

  private static func remove(_ path: String) throws {
    if access(path, F_OK) == 0 { try FileManager.default.removeItem(atPath: path) }
  }
}
