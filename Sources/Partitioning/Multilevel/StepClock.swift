import Telemetry

/// Wall seconds since a step began, to two digits.
struct StepClock {
  private let begin = MonotonicClock.now()

  var seconds: Double { (Double(MonotonicClock.now() - begin) * 1e-7).rounded() / 100 }
}
