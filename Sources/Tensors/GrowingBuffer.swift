import Glibc

/// A buffer that grows and is used again, step after step, without giving its memory back: after warm-up nothing allocates.
///
/// One thread grows it; others may write disjoint elements meanwhile never.
public final class GrowingBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  // Sendable: handed from stage to stage; its user at any time is one thread, or several writing disjoint elements.
  public private(set) var count: Int
  public private(set) var capacity: Int
  /// The first element; changes when the buffer grows.
  public private(set) var pointer: UnsafeMutablePointer<Element>

  public init(capacity: Int = 0) {
    count = 0
    self.capacity = max(16, capacity)
    pointer = Self.allocate(self.capacity)
  }

  deinit { free(pointer) }

  /// Makes room for `wanted` elements in all; elements already there are kept.
  public func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    let grown = max(wanted, capacity + capacity / 2)
    let moved = Self.allocate(grown)
    moved.update(from: pointer, count: count)
    free(pointer)
    pointer = moved
    capacity = grown
  }

  /// Sets the number of elements; those past the old count hold anything.
  public func resize(to newCount: Int) {
    precondition(newCount >= 0, "a buffer cannot hold \(newCount) elements")
    reserve(newCount)
    count = newCount
  }

  /// Sets the number of elements, all of which hold anything afterwards: nothing is copied, and no more than the larger of old and new
  /// memory is held at once.
  public func reset(to newCount: Int) {
    precondition(newCount >= 0, "a buffer cannot hold \(newCount) elements")
    let grown = capacity(whenResetTo: newCount)
    if grown > capacity {
      free(pointer)
      pointer = Self.allocate(grown)
      capacity = grown
    }
    count = newCount
  }

  /// Elements that there will be room for after a reset: where there is too little, an eighth more than asked at most, for nothing is copied.
  public func capacity(whenResetTo newCount: Int) -> Int {
    newCount <= capacity ? capacity : max(newCount, min(capacity + capacity / 2, newCount + newCount / 8))
  }

  @inlinable
  public func append(_ element: Element) {
    let index = count
    resize(to: index + 1)
    pointer[index] = element
  }

  public func append(contentsOf elements: UnsafeBufferPointer<Element>) {
    let index = count
    resize(to: index + elements.count)
    if let source = elements.baseAddress { (pointer + index).update(from: source, count: elements.count) }
  }

  public func removeAll() { count = 0 }

  @inlinable
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "index outside the buffer")
      return pointer[index]
    }
    set {
      precondition(index >= 0 && index < count, "index outside the buffer")
      pointer[index] = newValue
    }
  }

  /// The elements, valid until the buffer grows.
  public var elements: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }

  /// The elements for reading, valid until the buffer grows.
  public var readOnly: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: pointer, count: count) }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Element> {
    var raw: UnsafeMutableRawPointer?
    let bytes = count * MemoryLayout<Element>.stride
    guard posix_memalign(&raw, 64, bytes) == 0, let raw else { fatalError("out of memory: \(bytes) bytes asked") }
    if bytes >= 4 << 20 { madvise(raw, bytes, 14) }  // Huge pages; the call only helps and may fail.
    return raw.bindMemory(to: Element.self, capacity: count)
  }
}
