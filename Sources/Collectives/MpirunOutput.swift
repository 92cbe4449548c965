/// Reads the standard error of `mpirun`: takes out what `mpirun` itself says about ending workers, which goes into
/// `report`, and passes on all the rest unchanged, byte for byte.
///
/// `mpirun` speaks in blocks between two rules of 74 dashes, and, because it is asked to, in lines about each worker
/// process. Text without a line end is held back only while it may become one of these.
package struct MpirunOutput {
  package private(set) var report = MpirunReport()
  /// The end of the last incomplete line.
  private var rest: [UInt8] = []
  /// Lines since an opening rule; nil outside.
  private var block: [[UInt8]]?
  private var endsInsideLine = false
  /// What Open MPI says when a connection breaks: the consequence of a worker's end, or a riddle if none has ended.
  private var symptoms: [UInt8] = []

  private static let rule = [UInt8](repeating: UInt8(ascii: "-"), count: 74) + [newline]
  private static let newline = UInt8(ascii: "\n")
  /// A longer block is not mpirun's.
  private static let longestBlockLines = 40

  package init() {}

  /// Whether what has been passed on ends in the middle of a line.
  package var isInsideLine: Bool { endsInsideLine }

  /// Takes the next bytes and returns those to pass on.
  package mutating func feed(_ bytes: some Collection<UInt8>) -> [UInt8] {
    rest += bytes
    var shown: [UInt8] = []
    while let end = rest.firstIndex(of: Self.newline) {
      let line = Array(rest[...end])
      rest.removeFirst(line.count)
      shown += take(line)
    }
    if block == nil, !mayBecomeMpiruns(rest) { shown += takeRest() }
    return noting(shown)
  }

  /// Returns what is held back: when nothing has come for a while, and at the end.
  package mutating func flush() -> [UInt8] {
    noting(releaseBlock() + takeRest())
  }

  /// Returns, at the end, what only makes sense when no worker or host is known to have ended the job.
  package mutating func takeUnexplained() -> [UInt8] {
    defer { symptoms = [] }
    return noting(report.blamed == nil && report.lostHost == nil ? symptoms : [])
  }

  private mutating func take(_ line: [UInt8]) -> [UInt8] {
    let isRule = line.count >= Self.rule.count && line[(line.count - Self.rule.count)...].elementsEqual(Self.rule)
    if let lines = block {
      if isRule && line.count == Self.rule.count {
        block = nil
        return understandBlock(Self.text(lines.flatMap { $0 })) ? [] : Self.rule + lines.flatMap { $0 } + Self.rule
      }
      block = lines + [line]
      return lines.count >= Self.longestBlockLines ? releaseBlock() : []
    }
    if isRule {
      // A worker's unfinished line may stand before mpirun's.
      block = []
      return Array(line.dropLast(Self.rule.count))
    }
    return understandLine(line)
  }

  private mutating func releaseBlock() -> [UInt8] {
    guard let lines = block else { return [] }
    block = nil
    return Self.rule + lines.flatMap { $0 }
  }

  private mutating func takeRest() -> [UInt8] {
    defer { rest = [] }
    return rest
  }

  private mutating func noting(_ shown: [UInt8]) -> [UInt8] {
    if let last = shown.last { endsInsideLine = last != Self.newline }
    return shown
  }

  private func mayBecomeMpiruns(_ text: [UInt8]) -> Bool {
    guard let first = text.first else { return false }
    return first == UInt8(ascii: "[") || first == UInt8(ascii: "-") || first == UInt8(ascii: "m")
  }

  /// Returns what of a line is not mpirun's.
  private mutating func understandLine(_ line: [UInt8]) -> [UInt8] {
    let text = Self.text(line)
    if text.hasPrefix("mpirun: Forwarding signal ") { return [] }
    if blockOfAbortWasTaken, text.contains("help message help-mpi-api.txt / mpi-abort") { return [] }
    if blockOfAbortWasTaken, text.contains("Set MCA parameter \"orte_base_help_aggregate\" to 0") { return [] }
    if text.contains("] ORTE_ERROR_LOG: ") || text.contains("btl_tcp") && text.contains(" failed: ") {
      symptoms += line
      return []
    }
    // [host:pid of mpirun or orted] [[family,0],daemon] odls:… or local:launch
    guard text.contains("odls:") || text.contains("local:launch"),
      let match = text.firstMatch(of: /\[([^\[\]:\s]+):\d+\] \[\[\d+,0\],\d+\] (?:odls:(.*)|local:launch)/)
    else { return line }
    if let message = match.output.2 { understandProcess(message, host: String(match.output.1)) }
    // A worker's unfinished line may stand before mpirun's.
    return Array(line.dropLast(text[match.range.lowerBound...].utf8.count))
  }

  private var blockOfAbortWasTaken: Bool {
    if case .aborted = report.blamed?.cause { return true }
    return false
  }

  private mutating func understandProcess(_ message: Substring, host: String) {
    if message.hasPrefix("launch spawning child ") {
      report.started += 1
    } else if let match = message.firstMatch(of: /child process \[\[\d+,\d+\],(\d+)\] pid (\d+) terminated/),
      let rank = Int(match.output.1), let pid = Int(match.output.2)
    {
      report.endings.append(.init(rank: rank, host: host, pid: pid))
    }
  }

  /// Whether a block is one of those by which mpirun says that a worker has ended the job; notes what it says.
  private mutating func understandBlock(_ text: String) -> Bool {
    if text.contains("Per user-direction, the job has been aborted.") {
      report.teardownBegins()
    } else if text.contains("detected that one or more processes exited with non-zero status") {
      guard let rank = text.firstMatch(of: /Process name: \[\[\d+,\d+\],(\d+)\]/).flatMap({ Int($0.output.1) }),
        let code = text.firstMatch(of: /Exit code: +(\d+)/).flatMap({ Int($0.output.1) })
      else { return false }
      report.blamed = .init(rank: rank, host: nil, cause: .exited(code: code))
    } else if let match = text.firstMatch(of: /noticed that process rank (\d+) with PID \d+ on node (\S+) exited on signal (\d+)/),
      let rank = Int(match.output.1), let signal = Int32(match.output.3)
    {
      report.blamed = .init(rank: rank, host: String(match.output.2), cause: .killed(signal: signal))
    } else if let match = text.firstMatch(
      of: /has exited due to process rank (\d+) with PID \d+ on\s+node (\S+) (exiting improperly|calling "abort")/),
      let rank = Int(match.output.1)
    {
      report.blamed = .init(rank: rank, host: String(match.output.2), cause: .leftEarly)
    } else if let match = text.firstMatch(of: /MPI_ABORT was invoked on rank (\d+) in communicator [^\n]*\s+with errorcode (-?\d+)\./),
      let rank = Int(match.output.1), let code = Int(match.output.2)
    {
      report.blamed = .init(rank: rank, host: nil, cause: .aborted(code: code))
    } else if text.contains("ORTE has lost communication with a remote daemon.") {
      guard let match = text.firstMatch(of: /Remote daemon: \S+ on node (\S+)/) else { return false }
      report.lostHost = String(match.output.1)
    } else if text.contains("ORTE was unable to reliably start one or more daemons.")
      || text.contains("An ORTE daemon has unexpectedly failed after launch")
    {
      report.startFailed = true
    } else if text.contains("An MPI communication peer process has unexpectedly disconnected.")
      || text.contains("Open MPI failed to TCP connect to a peer MPI process.")
    {
      symptoms += Self.rule + Array(text.utf8) + Self.rule
    } else {
      return text.contains("noticed that the job aborted") || text.contains("has exited due to a process exiting without calling")
    }
    return true
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
