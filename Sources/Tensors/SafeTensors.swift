/// A named array of a `.safetensors` file, C order.
public struct SafeTensor: Sendable {
  public let name: String
  public let elementType: ElementType
  public let shape: [Int]
  /// All elements.
  public let bytes: ArrayView<UInt8>

  /// - Precondition: `bytes` holds exactly the elements of `shape`.
  public init(name: String, elementType: ElementType, shape: [Int], bytes: ArrayView<UInt8>) {
    precondition(shape.reduce(elementType.size, *) == bytes.count, "tensor '\(name)' of shape \(shape) has \(bytes.count) bytes")
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// A float32 tensor; `values` is shared, not copied.
  public init(name: String, shape: [Int], floats values: ArrayView<Float>) {
    let base = UnsafeRawPointer(values.pointer).assumingMemoryBound(to: UInt8.self)
    self.init(
      name: name, elementType: .float32, shape: shape,
      bytes: ArrayView(pointer: base, count: values.count * 4, owner: SafeTensorOwner(values)))
  }

  /// The elements as float32.
  ///
  /// - Precondition: `elementType` is float32.
  public var floats: ArrayView<Float> {
    precondition(elementType == .float32, "tensor '\(name)' holds \(elementType)")
    let base = UnsafeRawPointer(bytes.pointer).assumingMemoryBound(to: Float.self)
    return ArrayView(pointer: base, count: bytes.count / 4, owner: SafeTensorOwner(bytes))
  }
}

/// Keeps the owner of a view alive for a view of another element type.
private final class SafeTensorOwner<Element: BitwiseCopyable>: Sendable {
  let view: ArrayView<Element>
  init(_ view: ArrayView<Element>) { self.view = view }
}

/// Names of element types in the safetensors format.
enum SafeTensorsType {
  private static let names: [(ElementType, String)] = [
    (.float32, "F32"), (.float64, "F64"), (.float16, "F16"), (.bfloat16, "BF16"), (.int8, "I8"), (.int16, "I16"), (.int32, "I32"),
    (.int64, "I64"), (.uint8, "U8"), (.uint16, "U16"), (.uint32, "U32"), (.uint64, "U64"), (.bool, "BOOL"),
  ]

  static func name(of type: ElementType) -> String { names.first { $0.0 == type }!.1 }

  static func type(named name: String) -> ElementType? { names.first { $0.1 == name }?.0 }
}
