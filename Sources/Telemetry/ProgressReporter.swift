import Glibc
import Synchronization

/// Shows how far a long task is, on standard error: on a terminal one line that is redrawn, else a plain line every 10 seconds.
///
/// ```
/// sampling: 1,200,000 of 5,000,000 edges (24 %), 402,010 edges/s, 9 s left
/// ```
/// Any thread may report. A task that ends within the first interval of a log leaves only its last line.
public final class ProgressReporter: Sendable {
  /// Where lines go, and what the time is.
  package struct Output: Sendable {
    package var isTerminal: Bool
    package var write: @Sendable (String) -> Void
    package var now: @Sendable () -> UInt64

    package init(
      isTerminal: Bool, write: @escaping @Sendable (String) -> Void, now: @escaping @Sendable () -> UInt64 = MonotonicClock.now
    ) {
      self.isTerminal = isTerminal
      self.write = write
      self.now = now
    }

    package static let standardError = Output(
      isTerminal: isatty(STDERR_FILENO) == 1,
      write: { text in _ = text.utf8CString.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count - 1) } })
  }

  private struct State {
    var done = 0
    var shown: UInt64
    var finished = false
  }

  private let label: String
  private let unit: String
  private let total: Int?
  private let output: Output
  private let started: UInt64
  private let interval: UInt64
  private let state: Mutex<State>

  /// - Parameters:
  ///   - label: What is being done, `sampling`.
  ///   - unit: What is counted, in the plural.
  ///   - total: How many there will be; `nil` where unknown: no share and no time left are shown then.
  public convenience init(_ label: String, unit: String, total: Int?) {
    self.init(label, unit: unit, total: total, output: .standardError)
  }

  package init(_ label: String, unit: String, total: Int?, output: Output) {
    self.label = label
    self.unit = unit
    self.total = total
    self.output = output
    started = output.now()
    interval = output.isTerminal ? 100_000_000 : 10_000_000_000
    state = Mutex(State(shown: started))
  }

  /// Adds `count` finished units, and shows a line when the last is old enough.
  public func advance(by count: Int) {
    state.withLock { state in
      guard !state.finished else { return }
      state.done += count
      let now = output.now()
      guard now - state.shown >= interval else { return }
      state.shown = now
      let line = line(done: state.done, at: now)
      output.write(output.isTerminal ? "\r\(line)\u{1B}[K" : line + "\n")
    }
  }

  /// Shows the last line, with the time taken; later reports are ignored.
  public func finish() {
    state.withLock { state in
      guard !state.finished else { return }
      state.finished = true
      let elapsed = Self.seconds(output.now() - started)
      let line = "\(label): \(Self.grouped(state.done)) \(unit) in \(Self.duration(elapsed))\(rate(state.done, elapsed))"
      output.write(output.isTerminal ? "\r\(line)\u{1B}[K\n" : line + "\n")
    }
  }

  private func line(done: Int, at now: UInt64) -> String {
    let elapsed = Self.seconds(now - started)
    guard let total, total > 0 else { return "\(label): \(Self.grouped(done)) \(unit)\(rate(done, elapsed))" }
    var line = "\(label): \(Self.grouped(done)) of \(Self.grouped(total)) \(unit) (\(done * 100 / total) %)\(rate(done, elapsed))"
    if done > 0, done < total { line += ", \(Self.duration(elapsed * Double(total - done) / Double(done))) left" }
    return line
  }

  private func rate(_ done: Int, _ seconds: Double) -> String {
    seconds > 0 ? ", \(Self.grouped(Int(Double(done) / seconds))) \(unit)/s" : ""
  }

  private static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds) * 1e-9 }

  /// `1 h 2 min`, `3 min 4 s`, `12 s`, `0.4 s`.
  package static func duration(_ seconds: Double) -> String {
    if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  /// Decimal digits in groups of three, `1,234,567`.
  package static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return value < 0 ? "-" + text : text
  }
}
