import CMPI
import Glibc

/// All processes of an MPI job as one group.
///
/// Asks MPI for `MPI_THREAD_FUNNELED` and holds itself to it: every call, `finalize` and `abort` included, comes from
/// the thread that made the group, whatever level the library grants. The library's own locks are then not needed, and
/// the order of collectives is the order of that thread's program. At most one group exists per process.
///
/// A member that fails does not call `finalize`, where it would wait for the others: it exits with a non-zero status,
/// or calls `abort`, and `mpirun` ends the job.
public final class MPIProcessGroup: ProcessGroup {
  public let rank: Int
  public let size: Int
  public let hostRanks: [Int]
  private let messages: MPIMessages
  private let owner = pthread_self()

  /// Whether this process was started by `mpirun` or another launcher that MPI understands.
  ///
  /// Read from the environment that such launchers set; a process without it is best served by `InProcessGroup.alone()`.
  public static var isLaunched: Bool {
    ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"].contains { (name: String) in getenv(name) != nil }
  }

  /// Joins the job that this process was started in; returns when all of its processes have.
  ///
  /// Waiting inside MPI yields the processor unless the user has set `OMPI_MCA_mpi_yield_when_idle`: with more runnable
  /// threads than cores, polling costs 10 to 100 times in latency. The process asks the kernel to be killed when its
  /// parent (`mpirun`, or `orted` on another host) is.
  /// - Parameter pieceBytes: Longer messages are sent in pieces of this size; MPI counts are 32-bit.
  /// - Throws: `CollectiveError.library` with the failing MPI call.
  public init(pieceBytes: Int = 1 << 30) throws {
    precondition(pieceBytes >= 1 && pieceBytes <= Int(Int32.max), "pieces of \(pieceBytes) bytes")
    if getenv("OMPI_COMM_WORLD_SIZE") != nil { cmpi_die_with_parent(SIGKILL) }
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0)
    var granted: Int32 = 0
    try MPIMessages.check(MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &granted), "MPI_Init_thread", rank: -1)
    let world = cmpi_comm_world()
    try MPIMessages.check(MPI_Comm_set_errhandler(world, cmpi_errors_return()), "MPI_Comm_set_errhandler", rank: -1)
    var number: Int32 = 0
    var count: Int32 = 0
    try MPIMessages.check(MPI_Comm_rank(world, &number), "MPI_Comm_rank", rank: -1)
    try MPIMessages.check(MPI_Comm_size(world, &count), "MPI_Comm_size", rank: Int(number))
    rank = Int(number)
    size = Int(count)
    hostRanks = try Self.ranksOnThisHost(of: world, rank: number)
    messages = MPIMessages(communicator: world, rank: rank, size: size, pieceBytes: pieceBytes)
  }

  private static func ranksOnThisHost(of world: MPI_Comm?, rank: Int32) throws -> [Int] {
    var host: MPI_Comm?
    try MPIMessages.check(
      MPI_Comm_split_type(world, Int32(MPI_COMM_TYPE_SHARED), rank, cmpi_info_null(), &host), "MPI_Comm_split_type",
      rank: Int(rank))
    var count: Int32 = 0
    try MPIMessages.check(MPI_Comm_size(host, &count), "MPI_Comm_size", rank: Int(rank))
    var mine = rank
    var ranks = [Int32](repeating: 0, count: Int(count))
    try MPIMessages.check(
      MPI_Allgather(&mine, 4, cmpi_byte(), &ranks, 4, cmpi_byte(), host), "MPI_Allgather", rank: Int(rank))
    try MPIMessages.check(MPI_Comm_free(&host), "MPI_Comm_free", rank: Int(rank))
    return ranks.map(Int.init).sorted()
  }

  public func barrier() throws {
    checkThread()
    try messages.barrier()
  }

  public func broadcast(_ bytes: [UInt8], from root: Int) throws -> [UInt8] {
    checkThread()
    precondition((0..<size).contains(root), "no worker \(root) in a group of \(size)")
    return try messages.broadcast(bytes, from: root)
  }

  public func allGather(_ bytes: [UInt8]) throws -> [[UInt8]] {
    checkThread()
    let counts = try messages.allGather(count: bytes.count)
    return try bytes.withUnsafeBytes { mine in
      try messages.receive(counts, sending: Array(repeating: mine, count: size), "allGather")
    }
  }

  public func exchange(_ outgoing: [[UInt8]]) throws -> [[UInt8]] {
    checkThread()
    precondition(outgoing.count == size, "\(outgoing.count) messages for \(size) members")
    let counts = try messages.exchange(counts: outgoing.map(\.count))
    // One allocation holds all messages, so that their addresses stay valid while MPI reads them.
    let joined = outgoing.flatMap { $0 }
    return try joined.withUnsafeBytes { all in
      var offset = 0
      let send = outgoing.map { message in
        defer { offset += message.count }
        return UnsafeRawBufferPointer(rebasing: all[offset..<offset + message.count])
      }
      return try messages.receive(counts, sending: send, "exchange of messages")
    }
  }

  public func exchange(send: [UnsafeRawBufferPointer], receive: [UnsafeMutableRawBufferPointer]) throws {
    checkThread()
    precondition(send.count == size && receive.count == size, "one buffer per member is needed")
    try messages.exchange(send: send, receive: receive, "exchange")
  }

  public func allGather(inPlace base: UnsafeMutableRawPointer, ranges: [Range<Int>]) throws {
    checkThread()
    checkGatherRanges(ranges, members: size)
    let mine = UnsafeRawBufferPointer(start: base + ranges[rank].lowerBound, count: ranges[rank].count)
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    let send = (0..<size).map { $0 == rank ? nothing : mine }
    let receive = (0..<size).map { peer in
      UnsafeMutableRawBufferPointer(start: base + ranges[peer].lowerBound, count: peer == rank ? 0 : ranges[peer].count)
    }
    try messages.exchange(send: send, receive: receive, "allGather in place")
  }

  /// Leaves MPI together with all other members; the group must not be used afterwards.
  public func finalize() throws {
    checkThread()
    try MPIMessages.check(MPI_Finalize(), "MPI_Finalize", rank: rank)
  }

  /// Ends the whole job, at once and without the others' consent.
  ///
  /// Under `mpirun` this process exits, upon which `mpirun` ends the others; its report of an exit says who it was,
  /// which that of `MPI_Abort` does not.
  /// - Parameters:
  ///   - code: Exit status of the job, 1…127.
  ///   - isEcho: The reason may be no more than the consequence of another worker's end, as a broken connection is:
  ///     this process then waits two seconds, so that the other's end is noticed and named first.
  public func abort(_ code: Int32, isEcho: Bool = false) -> Never {
    checkThread()
    precondition((1...127).contains(code), "\(code) is not the exit status of a failed job")
    if isEcho { sleep(2) }
    fflush(nil)
    if getenv("OMPI_COMM_WORLD_SIZE") == nil { MPI_Abort(cmpi_comm_world(), code) }
    _exit(code)
  }

  private func checkThread() {
    precondition(pthread_equal(owner, pthread_self()) != 0, "a process group was used from a thread that did not make it")
  }
}
