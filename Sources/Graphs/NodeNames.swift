public import Tensors

/// What the nodes of one type are called in the user's files, where that is not their number.
///
/// A name is bytes, in most files UTF-8; names differ from each other.
public struct NodeNames: Sendable {
  /// Where each name begins in `bytes`, and where the last ends: shape (nodes + 1), from 0, non-decreasing.
  public let offsets: ArrayView<Int64>
  /// All names, one after the other.
  public let bytes: ArrayView<UInt8>

  /// - Precondition: The offsets begin at 0 and end at the number of bytes.
  public init(offsets: ArrayView<Int64>, bytes: ArrayView<UInt8>) {
    precondition(
      !offsets.isEmpty && offsets[0] == 0 && offsets[offsets.count - 1] == Int64(bytes.count), "names that do not fill their bytes")
    self.offsets = offsets
    self.bytes = bytes
  }

  /// Copies `names`.
  public init(_ names: [String]) {
    var offsets: [Int64] = [0]
    var bytes: [UInt8] = []
    for name in names {
      bytes += Array(name.utf8)
      offsets.append(Int64(bytes.count))
    }
    self.init(offsets: ArrayView(offsets), bytes: ArrayView(bytes))
  }

  /// Number of nodes.
  public var count: Int { offsets.count - 1 }

  /// The name of a node; bytes that are no UTF-8 are replaced.
  public subscript(node: Int) -> String { String(decoding: self.bytes(of: node), as: UTF8.self) }

  /// The bytes of a node's name.
  public func bytes(of node: Int) -> ArrayView<UInt8> { bytes.slice(Int(offsets[node])..<Int(offsets[node + 1])) }

  /// Names as they come from files.
  ///
  /// - Parameter place: The file of the offsets, for errors.
  /// - Throws: `InputError` when the offsets are no bounds of names.
  package init(checking offsets: ArrayView<Int64>, bytes: ArrayView<UInt8>, place: String) throws {
    guard let first = offsets.first, let last = offsets.last, first == 0, last == Int64(bytes.count) else {
      throw InputError(
        place, expected: "bounds of names from 0 to \(bytes.count)",
        found: offsets.isEmpty ? "none" : "\(offsets[0]) to \(offsets[offsets.count - 1])")
    }
    for node in 1..<offsets.count where offsets.pointer[node] < offsets.pointer[node - 1] {
      throw InputError(place, expected: "bounds that do not decrease", found: "\(offsets[node]) after \(offsets[node - 1])")
    }
    self.init(offsets: offsets, bytes: bytes)
  }
}
