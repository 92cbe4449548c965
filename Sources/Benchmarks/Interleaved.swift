import Telemetry

/// Several pieces of work timed in turn, so that whatever else the machine does meets all of them alike.
enum Interleaved {
  /// Work per second of each body.
  ///
  /// - Parameters:
  ///   - trials: Timed rounds, after one to warm up; every round begins with another body.
  ///   - before: Run before every body, outside its time.
  ///   - bodies: What to run, and the work of one call.
  static func measure(trials: Int, before: () -> Void = {}, _ bodies: [(amount: Double, run: () -> Void)]) -> [Rate] {
    rounds(trials: trials, before: before, bodies).map(Rate.init(trials:))
  }

  /// The same, of every round by itself: what disturbs a round disturbs all bodies of it, so their ratios are steadier than they are.
  static func rounds(trials: Int, before: () -> Void = {}, _ bodies: [(amount: Double, run: () -> Void)]) -> [[Double]] {
    for body in bodies { body.run() }
    var rates = bodies.map { _ in [Double]() }
    for trial in 0..<max(1, trials) {
      for turn in bodies.indices {
        let index = (turn + trial) % bodies.count
        before()
        let begin = MonotonicClock.now()
        bodies[index].run()
        rates[index].append(bodies[index].amount / (Double(max(1, MonotonicClock.now() - begin)) * 1e-9))
      }
    }
    return rates
  }
}
