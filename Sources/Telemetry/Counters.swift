import Synchronization

/// A number that any thread may add to.
public final class Counter: Sendable {
  private let total = Atomic<Int>(0)

  public init() {}

  public func add(_ amount: Int = 1) { total.wrappingAdd(amount, ordering: .relaxed) }

  public var value: Int { total.load(ordering: .relaxed) }
}

/// Counters by name; whoever counts keeps its counter, whoever reports asks for all.
public final class Counters: Sendable {
  private let counters = Mutex<[String: Counter]>([:])

  public init() {}

  /// The counter called `name`, the same one at every call.
  public func counter(_ name: String) -> Counter {
    counters.withLock { counters in
      if let counter = counters[name] { return counter }
      let counter = Counter()
      counters[name] = counter
      return counter
    }
  }

  /// Every counter's value at about this moment.
  public var values: [String: Int] { counters.withLock { $0.mapValues(\.value) } }
}
