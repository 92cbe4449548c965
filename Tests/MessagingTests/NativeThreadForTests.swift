import Glibc

/// A thread that may block for as long as it likes.
final class NativeThreadForTests {
  private var handle = pthread_t()

  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  struct NoThread: Error {}

  init(_ run: @escaping () -> Void) throws {
    let body = Unmanaged.passRetained(Body(run))
    let result = pthread_create(
      &handle, nil,
      { argument in
        Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard result == 0 else { throw NoThread() }
  }

  func join() { pthread_join(handle, nil) }
}
