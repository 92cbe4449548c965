import Synchronization
import Telemetry
import Testing

@Suite struct ProgressReporterTests {
  /// A clock that tests turn by hand, and the text written so far.
  final class Desk: Sendable {
    let seconds = Mutex<Double>(0)
    let text = Mutex<String>("")

    func output(isTerminal: Bool) -> ProgressReporter.Output {
      ProgressReporter.Output(
        isTerminal: isTerminal, write: { line in self.text.withLock { $0 += line } },
        now: { self.seconds.withLock { UInt64($0 * 1e9) } })
    }

    func wait(_ seconds: Double) { self.seconds.withLock { $0 += seconds } }
    var written: String { text.withLock { $0 } }
  }

  @Test func aLogGetsAPlainLineEveryTenSeconds() {
    let desk = Desk()
    let progress = ProgressReporter("reading", unit: "edges", total: 4_000, output: desk.output(isTerminal: false))
    progress.advance(by: 500)
    desk.wait(9)
    progress.advance(by: 500)
    #expect(desk.written == "")
    desk.wait(1)
    progress.advance(by: 0)
    #expect(desk.written == "reading: 1,000 of 4,000 edges (25 %), 100 edges/s, 30 s left\n")
    desk.wait(30)
    progress.advance(by: 3_000)
    progress.finish()
    progress.finish()
    #expect(
      desk.written == """
        reading: 1,000 of 4,000 edges (25 %), 100 edges/s, 30 s left
        reading: 4,000 of 4,000 edges (100 %), 100 edges/s
        reading: 4,000 edges in 40 s, 100 edges/s

        """)
  }

  @Test func aTerminalLineIsRedrawnAndEnded() {
    let desk = Desk()
    let progress = ProgressReporter("walking", unit: "nodes", total: nil, output: desk.output(isTerminal: true))
    desk.wait(0.25)
    progress.advance(by: 50)
    progress.advance(by: 50)
    desk.wait(0.25)
    progress.finish()
    #expect(desk.written == "\rwalking: 50 nodes, 200 nodes/s\u{1B}[K\rwalking: 100 nodes in 0.5 s, 200 nodes/s\u{1B}[K\n")
  }

  @Test(arguments: [
    (0.04, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3_599, "59 min 59 s"), (7_384, "2 h 3 min"),
  ])
  func durationsReadWell(seconds: Double, text: String) { #expect(ProgressReporter.duration(seconds) == text) }

  @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
  func numbersAreGrouped(value: Int, text: String) { #expect(ProgressReporter.grouped(value) == text) }
}
