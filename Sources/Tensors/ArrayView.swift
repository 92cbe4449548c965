/// A read-only array whose memory belongs to someone else: a mapped file, a buffer, another array.
///
/// Copying the view copies a reference; the owner lives as long as any view of it.
public struct ArrayView<Element: BitwiseCopyable>: RandomAccessCollection, @unchecked Sendable {
  // Sendable: nothing writes through a view, and its owner is a buffer or a read-only mapping.
  /// The first element, for kernels that check their bounds once; valid while the view lives.
  public let pointer: UnsafePointer<Element>
  public let count: Int
  /// Whether the elements are pages of a file, which the system takes back when memory is short.
  public let isMapped: Bool
  private let owner: AnyObject?

  /// - Parameters:
  ///   - owner: Keeps `pointer[0..<count]` valid and unchanging while it is referenced.
  ///   - isMapped: Whether the elements are pages of a file.
  public init(pointer: UnsafePointer<Element>, count: Int, owner: AnyObject?, isMapped: Bool = false) {
    self.pointer = pointer
    self.count = count
    self.owner = owner
    self.isMapped = isMapped
  }

  /// Copies `elements` once.
  public init(_ elements: some Collection<Element>) {
    self = Buffer(copying: elements).view
  }

  public init() { self = Buffer(count: 0).view }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  @inlinable
  public subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "index outside the array view")
    return pointer[index]
  }

  /// The elements of `range`, sharing the owner.
  public func slice(_ range: Range<Int>) -> ArrayView {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) outside a view of \(count)")
    return ArrayView(pointer: pointer + range.lowerBound, count: range.count, owner: owner, isMapped: isMapped)
  }

  /// The elements as a buffer pointer, valid while the view lives.
  public var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: pointer, count: count) }
}
