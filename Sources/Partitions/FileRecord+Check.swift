import Glibc
import Tensors

extension FileRecord {
  /// Measures the file at `file`, to be recorded as `path`.
  init(of file: String, path: String) throws {
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
  /// - Throws: `SystemError` when it cannot be read, `InputError` when it is not the file that was recorded.
  func check(in directory: String, content: Bool) throws {
    let file = "\(directory)/\(path)"
    let found = try Self.size(of: file)
    guard found == size else {
      throw InputError(file, expected: "\(size) bytes, as \(Manifest.fileName) records", found: "\(found) (damaged, or of another run)")
    }
    guard content else { return }
    let sum = try Checksum.of(file: file)
    guard sum == checksum else {
      throw InputError(
        file, expected: "checksum \(checksum), as \(Manifest.fileName) records", found: "\(sum) (damaged, or of another run)")
    }
  }
}
