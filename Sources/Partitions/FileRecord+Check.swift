import Glibc
import Tensors

extension FileRecord {
  /// Measures the file at `file`, to be recorded as `path`.
  package init(of file: String, path: String) throws {
    self.init(path: path, size: try Self.size(of: file), checksum: try Checksum.of(file: file))
  }

  /// Bytes of a file.
  static func size(of file: String) throws -> Int {
    var status = stat()
    guard stat(file, &status) == 0 else { throw SystemError("stat \(file)", code: errno) }
    return Int(status.st_size)
  }

  /// Checks the size of the file in `directory`, and its content where asked.
  ///
  /// - Parameter manifest: Name of the file that records it.
  /// - Throws: `SystemError` when it cannot be read, `InputError` when it is not the file that was recorded.
  package func check(in directory: String, content: Bool, recordedIn manifest: String = Manifest.fileName) throws {
    let file = "\(directory)/\(path)"
    let found = try Self.size(of: file)
    guard found == size else {
      throw InputError(file, expected: "\(size) bytes, as \(manifest) records", found: "\(found) (damaged, or of another run)")
    }
    guard content else { return }
    let sum = try Checksum.of(file: file)
    guard sum == checksum else {
      throw InputError(
        file, expected: "checksum \(checksum), as \(manifest) records", found: "\(sum) (damaged, or of another run)")
    }
  }
}
