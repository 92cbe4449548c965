import Glibc

/// A process group whose members are threads of this process: the twin of `MPIProcessGroup` for tests and for a job of
/// one worker.
///
/// It keeps MPI's semantics and is stricter where MPI would hang or corrupt memory: members that call different
/// operations, and members that end while others wait for them, make every waiting member throw.
public final class InProcessGroup: ProcessGroup {
  public let rank: Int
  public let size: Int
  public let hostRanks: [Int]
  private let meeting: MemberMeeting
  private let owner = pthread_self()

  private init(rank: Int, hosts: [Int], meeting: MemberMeeting) {
    self.rank = rank
    size = hosts.count
    hostRanks = hosts.indices.filter { hosts[$0] == hosts[rank] }
    self.meeting = meeting
  }

  /// The group of a job with a single worker, confined to the calling thread.
  public static func alone() -> InProcessGroup {
    InProcessGroup(rank: 0, hosts: [0], meeting: MemberMeeting(size: 1))
  }

  /// Runs `body` once per member, each on its own thread, and returns the results by rank.
  ///
  /// - Parameters:
  ///   - size: Number of members.
  ///   - hosts: Number of the host that each rank pretends to run on; one host when nil.
  /// - Throws: The error of the member that failed first; the others are released from what they wait for.
  public static func run<Result: Sendable>(
    size: Int, hosts: [Int]? = nil, _ body: @escaping @Sendable (InProcessGroup) throws -> Result
  ) throws -> [Result] {
    precondition(size >= 1, "a group needs a member")
    let hosts = hosts ?? Array(repeating: 0, count: size)
    precondition(hosts.count == size, "\(hosts.count) hosts named for \(size) members")
    let meeting = MemberMeeting(size: size)
    let results = MemberResults<Result>(size: size)
    let threads = (0..<size).map { rank in
      MemberThread {
        let group = InProcessGroup(rank: rank, hosts: hosts, meeting: meeting)
        do {
          results.store(try body(group), of: rank)
          meeting.leave(rank, reason: "it returned")
        } catch {
          results.store(error)
          meeting.leave(rank, reason: "\(error)")
        }
      }
    }
    for thread in threads { thread.join() }
    return try results.all()
  }

  public func barrier() throws {
    try meet("barrier", []) { _ in }
  }

  public func broadcast(_ bytes: [UInt8], from root: Int) throws -> [UInt8] {
    precondition((0..<size).contains(root), "no worker \(root) in a group of \(size)")
    return try bytes.withUnsafeBytes { mine in
      try meet("broadcast from \(root)", [mine]) { Array($0[root][0]) }
    }
  }

  public func allGather(_ bytes: [UInt8]) throws -> [[UInt8]] {
    try bytes.withUnsafeBytes { mine in
      try meet("allGather", [mine]) { offers in offers.map { Array($0[0]) } }
    }
  }

  public func exchange(_ messages: [[UInt8]]) throws -> [[UInt8]] {
    precondition(messages.count == size, "\(messages.count) messages for \(size) members")
    // One allocation holds all messages, so that their addresses stay valid while the others read them.
    let joined = messages.flatMap { $0 }
    return try joined.withUnsafeBytes { all in
      var offset = 0
      let mine = messages.map { message in
        defer { offset += message.count }
        return UnsafeRawBufferPointer(rebasing: all[offset..<offset + message.count])
      }
      return try meet("exchange of messages", mine) { offers in offers.map { Array($0[self.rank]) } }
    }
  }

  public func exchange(send: [UnsafeRawBufferPointer], receive: [UnsafeMutableRawBufferPointer]) throws {
    precondition(send.count == size && receive.count == size, "one buffer per member is needed")
    try meet("exchange", send) { offers in
      for peer in 0..<size {
        let message = offers[peer][rank]
        guard message.count == receive[peer].count else {
          throw CollectiveError.sizeMismatch(
            operation: "exchange", rank: rank, peer: peer, expected: receive[peer].count, found: message.count)
        }
        receive[peer].copyMemory(from: message)
      }
    }
  }

  public func allGather(inPlace base: UnsafeMutableRawPointer, ranges: [Range<Int>]) throws {
    checkGatherRanges(ranges, members: size)
    let mine = UnsafeRawBufferPointer(start: base + ranges[rank].lowerBound, count: ranges[rank].count)
    try meet("allGather in place", [mine]) { offers in
      for peer in 0..<size where peer != rank {
        guard offers[peer][0].count == ranges[peer].count else {
          throw CollectiveError.sizeMismatch(
            operation: "allGather in place", rank: rank, peer: peer, expected: ranges[peer].count, found: offers[peer][0].count)
        }
        UnsafeMutableRawBufferPointer(start: base + ranges[peer].lowerBound, count: ranges[peer].count)
          .copyMemory(from: offers[peer][0])
      }
    }
  }

  private func meet<Result>(
    _ operation: String, _ offer: [UnsafeRawBufferPointer], _ read: ([[UnsafeRawBufferPointer]]) throws -> Result
  ) throws -> Result {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a process group was used from a thread that did not make it")
    return try meeting.meet(rank, operation: operation, offer: offer, read)
  }
}

/// What the members' closures returned or threw; written by their threads, read when all have ended.
private final class MemberResults<Result>: @unchecked Sendable {
  // Sendable: all access is under `lock`.
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var values: [Result?]
  private var firstError: (any Error)?

  init(size: Int) {
    values = Array(repeating: nil, count: size)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func store(_ value: Result, of rank: Int) {
    pthread_mutex_lock(lock)
    values[rank] = value
    pthread_mutex_unlock(lock)
  }

  func store(_ error: any Error) {
    pthread_mutex_lock(lock)
    firstError = firstError ?? error
    pthread_mutex_unlock(lock)
  }

  func all() throws -> [Result] {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    if let firstError { throw firstError }
    return values.map { $0! }
  }
}
