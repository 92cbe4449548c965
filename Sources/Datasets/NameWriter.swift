import Graphs
import Tensors

/// Takes the names of nodes in the order of their numbers, into temporary files.
final class NameWriter {
  private let bytes: ScratchFile
  private let offsets: ScratchFile
  private(set) var count = 0

  /// - Throws: `SystemError` when the folder takes no files.
  init(in folder: String) throws {
    bytes = try ScratchFile(in: folder)
    offsets = try ScratchFile(in: folder)
    try offsets.append(Int64(0))
  }

  /// - Parameter long: The name of a hashed key.
  /// - Throws: `SystemError` when the disk refuses.
  func append(_ key: NodeKey, long: UnsafeRawBufferPointer) throws {
    try key.withName(long) { try bytes.append($0) }
    try offsets.append(Int64(bytes.count))
    count += 1
  }

  /// All names, mapped.
  func finish() throws -> NodeNames { NodeNames(offsets: try offsets.mapped(as: Int64.self), bytes: try bytes.mapped(as: UInt8.self)) }
}
