import Glibc
import Messaging
import Synchronization
import Testing

@Suite(.serialized) struct HeartbeatMonitorTests {
  static let token: UInt64 = 99
  /// Beats of 50 ms; 2 s without any is a silence: a loaded machine may be slow to start a process.
  static let timing = HeartbeatMonitor.Timing(beatSeconds: 0.05, silenceSeconds: 2)

  /// The workers reported so far.
  final class Reports: Sendable {
    private let workers = Mutex<[SilentWorker]>([])
    var all: [SilentWorker] { workers.withLock { $0 } }

    func add(_ worker: SilentWorker) { workers.withLock { $0.append(worker) } }

    /// Waits until `count` workers were reported, at most ten seconds.
    func wait(for count: Int) async throws {
      for _ in 0..<2_000 where all.count < count { try await Task.sleep(for: .milliseconds(5)) }
    }
  }

  func lead(_ size: Int, _ reports: Reports) throws -> HeartbeatMonitor {
    try HeartbeatMonitor(leading: size, token: Self.token, host: "127.0.0.1", timing: Self.timing) { reports.add($0) }
  }

  func follow(_ endpoint: String, rank: Int, _ reports: Reports) throws -> HeartbeatMonitor {
    try HeartbeatMonitor(following: endpoint, rank: rank, token: Self.token, timing: Self.timing) { reports.add($0) }
  }

  @Test func nobodyIsReportedWhileAllBeatAndWhenTheyLeaveInGoodOrder() async throws {
    let reports = Reports()
    let zero = try lead(4, reports)
    let workers = try (1..<4).map { try follow(zero.endpoint, rank: $0, reports) }
    try await Task.sleep(for: .milliseconds(2_500))
    workers[1].close()
    try await Task.sleep(for: .milliseconds(2_600))
    #expect(reports.all.isEmpty)
    zero.close()
    try await Task.sleep(for: .milliseconds(2_600))
    for worker in workers { worker.close() }
    #expect(reports.all.isEmpty)
  }

  @Test func aWorkerThatNeverComesIsReported() async throws {
    let reports = Reports()
    let zero = try lead(2, reports)
    try await reports.wait(for: 1)
    zero.close()
    #expect(reports.all == [SilentWorker(rank: 1, host: nil, pid: nil, seconds: 2)])
    #expect(reports.all.first?.description == "worker 1 (never heard of) has been silent for 2 s")
  }

  @Test func aSilentLeadIsReportedByItsWorkers() async throws {
    let reports = Reports()
    // Listens, and never answers.
    let mute = try Socket(.router, in: MessagingContext())
    let worker = try follow(try mute.bind(host: "127.0.0.1"), rank: 3, reports)
    try await reports.wait(for: 1)
    #expect(reports.all == [SilentWorker(rank: 0, host: nil, pid: nil, seconds: 2)])
    worker.close()
  }

  @Test func aStoppedProcessIsReportedWithItsPid() async throws {
    let reports = Reports()
    let zero = try lead(2, reports)
    let introduction = try Introduction()
    let killer = Task.detached {
      let child = try await introduction.wait()
      try await Task.sleep(for: .milliseconds(2_600))
      #expect(reports.all.isEmpty)
      kill(child.pid, SIGSTOP)
      try await reports.wait(for: 1)
      kill(child.pid, SIGKILL)
      return child.pid
    }
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [endpoint = zero.endpoint as String, parent = introduction.server.endpoint as String] in
      let monitor = try HeartbeatMonitor(
        following: endpoint, rank: 1, token: HeartbeatMonitorTests.token, timing: HeartbeatMonitorTests.timing)
      try Introduction.introduce(to: parent, text: monitor.endpoint)
      sleep(60)
      monitor.close()
    }
    let pid = try await killer.value
    zero.close()
    #expect(reports.all == [SilentWorker(rank: 1, host: HostAddress.name(), pid: pid, seconds: 2)])
  }

  @Test func aLeadThatWasStoppedAndContinuedAccusesNobody() async throws {
    let reports = Reports()
    let introduction = try Introduction()
    let stopper = Task.detached {
      let child = try await introduction.wait()
      let worker = try HeartbeatMonitor(
        following: child.text, rank: 1, token: Self.token, timing: Self.timing, onSilence: { reports.add($0) })
      try await Task.sleep(for: .milliseconds(1_000))
      kill(child.pid, SIGSTOP)
      try await reports.wait(for: 1)
      try await Task.sleep(for: .milliseconds(1_000))
      kill(child.pid, SIGCONT)
      try await Task.sleep(for: .milliseconds(2_500))
      // Had the lead accused its worker, it would have exited with status 1 by now.
      kill(child.pid, SIGKILL)
      worker.close()
      return child.pid
    }
    await #expect(processExitsWith: .signal(SIGKILL)) { [parent = introduction.server.endpoint as String] in
      let monitor = try HeartbeatMonitor(
        leading: 2, token: HeartbeatMonitorTests.token, host: "127.0.0.1", timing: HeartbeatMonitorTests.timing)
      try Introduction.introduce(to: parent, text: monitor.endpoint)
      sleep(60)
      monitor.close()
    }
    let pid = try await stopper.value
    #expect(reports.all == [SilentWorker(rank: 0, host: HostAddress.name(), pid: pid, seconds: 2)])
  }

  @Test func aSilenceEndsTheProcessWithOneLineThatNamesTheWorker() async throws {
    let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
      let timing = HeartbeatMonitor.Timing(beatSeconds: 0.05, silenceSeconds: 2)
      let zero = try HeartbeatMonitor(leading: 3, token: 99, host: "127.0.0.1", timing: timing)
      // Worker 1 beats, worker 2 says one word (pid 4242 on "elsewhere") and no more.
      let worker = try HeartbeatMonitor(following: zero.endpoint, rank: 1, token: 99, timing: timing, onSilence: { _ in })
      var header = FrameHeader(kind: MessageKind.heartbeat.rawValue, token: 99, requestID: 0)
      header.part = 2
      header.payloadBytes = 13
      var bytes = [UInt8](repeating: 0, count: FrameHeader.size) + [0x92, 0x10, 0, 0] + Array("else\nwhere".utf8)[0..<9]
      bytes.withUnsafeMutableBytes { header.write(to: $0) }
      let mute = try Socket(.dealer, in: MessagingContext())
      try mute.connect(zero.endpoint)
      _ = try mute.send(rawMessage(bytes))
      sleep(20)
      worker.close()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("halo: worker 2 (elsewher, pid 4242) has been silent for 2 s; ending the job\n"))
    #expect(text.split(separator: "\n").filter { $0.hasPrefix("halo:") }.count == 1)
  }

  @Test func strangersAndGarbageDoNotCountAsSignsOfLife() async throws {
    let reports = Reports()
    let zero = try lead(2, reports)
    let stranger = try Socket(.dealer, in: MessagingContext())
    try stranger.connect(zero.endpoint)
    for turn in 0..<200 where reports.all.isEmpty {
      var header = FrameHeader(kind: MessageKind.heartbeat.rawValue, token: turn % 2 == 0 ? 98 : 99, requestID: 0)
      header.part = turn % 4 == 1 ? 7 : 1  // A rank that does not exist, or a payload that is too short.
      header.payloadBytes = turn % 4 == 1 ? 4 : 2
      var bytes = [UInt8](repeating: 0, count: FrameHeader.size + Int(header.payloadBytes))
      bytes.withUnsafeMutableBytes { header.write(to: $0) }
      _ = try stranger.send(rawMessage(bytes))
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(reports.all.map(\.rank) == [1])
    zero.close()
  }
}

/// Tells a test the process number of its child, and one line of text.
private final class Introduction: Sendable {
  let server: Server
  private let child: Child

  private final class Child: Sendable {
    let introduced = Mutex<(pid: Int32, text: String)?>(nil)
  }

  init() throws {
    let child = Child()
    self.child = child
    let note: RequestHandler = { request in
      let text = String(decoding: request.payload, as: UTF8.self)
      child.introduced.withLock { $0 = (Int32(request.count), text) }
      return ReplyBuffer(count: 0, buffer: MessageBuffer(payloadBytes: 0))
    }
    server = try Server(token: 1, handlers: [.pullRows: note], host: "127.0.0.1")
  }

  /// Called by the child.
  static func introduce(to endpoint: String, text: String) throws {
    _ = try Client(token: 1, endpoints: [0: endpoint]).call([request(to: 0, Array(text.utf8), count: Int(getpid()))])
  }

  /// Waits until the child has introduced itself.
  func wait() async throws -> (pid: Int32, text: String) {
    while true {
      if let introduced = child.introduced.withLock({ $0 }) { return introduced }
      try await Task.sleep(for: .milliseconds(2))
    }
  }
}
