import Synchronization

/// Scratch memory that the chunks of a parallel loop borrow: as many pieces as chunks run at once.
///
/// Which piece a chunk gets is chance, so a piece must be clean when it is given back.
final class ScratchPool<Scratch: AnyObject & Sendable>: Sendable {
  private let idle = Mutex<[Scratch]>([])
  private let make: @Sendable () -> Scratch

  init(_ make: @escaping @Sendable () -> Scratch) { self.make = make }

  func with<Result>(_ body: (Scratch) -> Result) -> Result {
    let scratch = idle.withLock { $0.popLast() } ?? make()
    defer { idle.withLock { $0.append(scratch) } }
    return body(scratch)
  }
}
