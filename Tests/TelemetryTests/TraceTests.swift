import Foundation
import Telemetry
import Testing

@Suite struct TraceTests {
  @Test func timesCountFromTheOrigin() {
    let log = TraceLog(origin: 1_000)
    log.add("forward", lane: .compute, from: 1_500, to: 4_000)
    log.add("sample", lane: .ahead, from: 900, to: 1_100, step: 7, steps: 2)
    #expect(
      log.spans == [
        .init(name: "forward", lane: .compute, begin: 500, end: 3_000),
        .init(name: "sample", lane: .ahead, begin: 0, end: 100, step: 7, steps: 2),
      ])
  }

  @Test func aClockAddsWhatItMeasures() {
    let log = TraceLog()
    let clock = StageClock(trace: log)
    clock.measure(.forward) {}
    clock.add(5, to: .reduce)
    #expect(log.spans.map(\.name) == ["forward"] && log.spans.map(\.lane) == [.compute])
    #expect(log.spans[0].end - log.spans[0].begin == clock[.forward].nanoseconds)
  }

  @Test func aLogThatIsFullKeepsItsBeginning() {
    let log = TraceLog(origin: 0)
    for time in 0..<UInt64(TraceLog.mostSpans + 5) { log.add("step", lane: .compute, from: time, to: time) }
    #expect(log.spans.count == TraceLog.mostSpans && log.spans[0].begin == 0)
  }

  @Test func theFileIsOneOfTraceEvents() throws {
    let json = try ChromeTrace.json([
      [.init(name: "step", lane: .compute, begin: 1_500, end: 4_000, step: 3)],
      [
        .init(name: "wait", lane: .compute, begin: 0, end: 10),
        .init(name: "fetch", lane: .ahead, begin: 2_000_000, end: 3_000_001, step: 4, steps: 2),
      ],
    ])
    let expected = """
      {"displayTimeUnit":"ms","traceEvents":[\
      {"args":{"name":"worker 0"},"name":"process_name","ph":"M","pid":0,"tid":0},\
      {"args":{"name":"compute"},"name":"thread_name","ph":"M","pid":0,"tid":0},\
      {"args":{"step":3},"dur":2.5,"name":"step","ph":"X","pid":0,"tid":0,"ts":1.5},\
      {"args":{"name":"worker 1"},"name":"process_name","ph":"M","pid":1,"tid":0},\
      {"args":{"name":"compute"},"name":"thread_name","ph":"M","pid":1,"tid":0},\
      {"args":{"name":"ahead"},"name":"thread_name","ph":"M","pid":1,"tid":1},\
      {"dur":0.01,"name":"wait","ph":"X","pid":1,"tid":0,"ts":0},\
      {"args":{"step":4,"steps":2},"dur":1000.001,"name":"fetch","ph":"X","pid":1,"tid":1,"ts":2000}]}
      """
    #expect(String(decoding: json, as: UTF8.self) == expected)
  }
}
