/// A `.npy` file mapped read-only, C order, little-endian.
public struct NPYArray: Sendable {
  public let path: String
  public let shape: [Int]
  /// Element type as stored; bfloat16 is stored as `uint16`.
  public let elementType: ElementType
  /// All elements as bytes.
  public let bytes: ArrayView<UInt8>

  /// Maps `path` and checks that its header and its size agree.
  ///
  /// - Parameter anyOrder: Takes an array in Fortran order as its transpose, which is in C order: its shape is reversed.
  /// - Throws: `SystemError` when it cannot be mapped, `InputError` when it is not a C-order array of exactly its shape.
  public init(mapping path: String, anyOrder: Bool = false) throws {
    let file = try MappedFile(path)
    var header = try NPYHeader(parsing: file.bytes, place: path)
    if anyOrder && header.fortranOrder { (header.shape, header.fortranOrder) = (header.shape.reversed(), false) }
    guard !header.fortranOrder || header.shape.count < 2 else {
      throw InputError(path, expected: "an array in C order", found: "Fortran order")
    }
    let size = header.elementCount * header.elementType.size
    guard file.bytes.count - header.dataOffset == size else {
      throw InputError(
        path, expected: "\(size) bytes for shape \(header.shape) of \(header.elementType)",
        found: "\(file.bytes.count - header.dataOffset) bytes")
    }
    self.path = path
    shape = header.shape
    elementType = header.elementType
    bytes = file.view(of: UInt8.self, offset: header.dataOffset, count: size)
  }

  /// The elements as `type`, which must be the stored type; rows follow each other.
  ///
  /// - Parameter expected: Wanted shape; `nil` as a dimension accepts any length. Unchecked when absent.
  /// - Throws: `InputError` when type or shape differ, or the elements are not aligned in the file.
  public func elements<T: BitwiseCopyable>(as type: T.Type, shape expected: [Int?]? = nil) throws -> ArrayView<T> {
    guard let wanted = Self.elementType(of: type) else { preconditionFailure("\(type) has no .npy name") }
    guard elementType == wanted else { throw InputError(path, expected: "elements of \(wanted)", found: "\(elementType)") }
    if let expected {
      let fits = expected.count == shape.count && zip(expected, shape).allSatisfy { $0 == nil || $0 == $1 }
      guard fits else {
        let text = expected.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
        throw InputError(path, expected: "shape [\(text)]", found: "\(shape)")
      }
    }
    guard UInt(bitPattern: bytes.pointer) % UInt(MemoryLayout<T>.alignment) == 0 else {
      throw InputError(path, expected: "elements aligned to \(MemoryLayout<T>.alignment) bytes", found: "an odd header length")
    }
    let count = bytes.count / MemoryLayout<T>.stride
    let base = UnsafeRawPointer(bytes.pointer).assumingMemoryBound(to: T.self)
    return ArrayView(pointer: base, count: count, owner: Keeper(bytes), isMapped: bytes.isMapped)
  }

  /// Keeps the mapping alive for views of another element type.
  private final class Keeper: Sendable {
    let bytes: ArrayView<UInt8>
    init(_ bytes: ArrayView<UInt8>) { self.bytes = bytes }
  }

  private static func elementType(of type: Any.Type) -> ElementType? {
    switch type {
    case is Float.Type: .float32
    case is Double.Type: .float64
    case is Float16.Type: .float16
    case is Int8.Type: .int8
    case is Int16.Type: .int16
    case is Int32.Type: .int32
    case is Int64.Type: .int64
    case is UInt8.Type: .uint8
    case is UInt16.Type: .uint16
    case is UInt32.Type: .uint32
    case is UInt64.Type: .uint64
    case is Bool.Type: .bool
    default: nil
    }
  }
}
