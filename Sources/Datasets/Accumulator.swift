import Glibc
import Tensors

/// Collects values whose number is not known beforehand, without copying them as they become many: the C library moves the pages of
/// large blocks, not their content, and room ahead costs no memory before it is used.
///
/// Confined to one thread until the last value is there.
final class Accumulator<Element: BitwiseCopyable>: @unchecked Sendable {
  // Sendable: one thread appends; afterwards nothing changes but what its owner patches before it shows the view.
  private(set) var count = 0
  private var capacity = 1 << 12
  /// The first value; changes when more are appended.
  private(set) var pointer: UnsafeMutablePointer<Element>

  init() {
    pointer = Self.allocate(nil, capacity)
  }

  deinit { free(pointer) }

  func append(_ values: UnsafeBufferPointer<Element>) {
    guard let base = values.baseAddress, values.count > 0 else { return }
    if count + values.count > capacity {
      capacity = max(count + values.count, capacity + capacity / 2)
      pointer = Self.allocate(pointer, capacity)
    }
    (pointer + count).update(from: base, count: values.count)
    count += values.count
  }

  /// All values; nothing may be appended any more.
  var view: ArrayView<Element> { ArrayView(pointer: UnsafePointer(pointer), count: count, owner: self) }

  private static func allocate(_ old: UnsafeMutablePointer<Element>?, _ count: Int) -> UnsafeMutablePointer<Element> {
    let bytes = count * MemoryLayout<Element>.stride
    guard let memory = realloc(old, bytes) else { fatalError("out of memory: \(bytes) bytes asked") }
    return memory.assumingMemoryBound(to: Element.self)
  }
}
