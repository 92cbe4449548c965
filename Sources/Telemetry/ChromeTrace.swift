public import Foundation

/// Spans of several workers as a file of Chrome's trace event format, which chrome://tracing and Perfetto show: a process for each worker,
/// a thread for each lane, an event of the kind `X` (begin and duration in microseconds) for each span.
public enum ChromeTrace {
  private struct Event: Encodable {
    struct Arguments: Encodable {
      var name: String?
      var step: Int?
      var steps: Int?
    }

    var name: String
    var ph: String
    var pid: Int
    var tid: Int
    var ts: Double?
    var dur: Double?
    var args: Arguments?
  }

  private struct Document: Encodable {
    var traceEvents: [Event]
    var displayTimeUnit = "ms"
  }

  /// - Parameter workers: Spans by worker.
  public static func json(_ workers: [[TraceLog.Span]]) throws -> Data {
    var events: [Event] = []
    for (worker, spans) in workers.enumerated() {
      events.append(Event(name: "process_name", ph: "M", pid: worker, tid: 0, args: .init(name: "worker \(worker)")))
      for (number, lane) in TraceLog.Lane.allCases.enumerated() where spans.contains(where: { $0.lane == lane }) {
        events.append(Event(name: "thread_name", ph: "M", pid: worker, tid: number, args: .init(name: lane.rawValue)))
      }
      for span in spans {
        let lane = TraceLog.Lane.allCases.firstIndex(of: span.lane) ?? 0
        events.append(
          Event(
            name: span.name, ph: "X", pid: worker, tid: lane, ts: Double(span.begin) / 1e3, dur: Double(span.end - span.begin) / 1e3,
            args: span.step.map { .init(step: $0, steps: span.steps) }))
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(Document(traceEvents: events))
  }
}
