import Glibc
import Telemetry
import Tensors

/// Runs a command of this program on several workers, through `mpirun`, and stays beside them until all have ended.
///
/// - The workers' output is passed on unchanged; their standard input is empty. Their standard output is a
///   pseudo-terminal and their standard error a pipe, whatever the launcher's are.
/// - SIGINT, SIGTERM, SIGHUP and SIGUSR1 ask the workers to stop politely, by SIGUSR1; a second one, or the end of the
///   grace period, ends them at once.
/// - A worker that fails ends the job within 15 seconds, and one line says which it was, where, and how it ended.
/// - No worker outlives the launcher, even one that is killed.
public struct Launcher: Sendable {
  /// With this code a worker exits that has itself said which worker is lost; the launcher then adds no line.
  public static let failureIsReported: Int32 = 74
  /// With this code workers exit that were asked to stop, have kept their state and have said how to go on; the launcher then adds no line.
  public static let stoppedPolitely: Int32 = 75

  /// What to run, and where.
  public struct Options: Sendable {
    /// Number of workers, at least 1.
    public var workers: Int
    /// Names the hosts; nil for this host alone, or those of the batch system's allocation.
    public var hostFile: String?
    /// The arguments of every worker.
    public var arguments: [String]
    /// Absolute path of the program, the same on all hosts; this program when nil.
    public var program: String?
    /// Seconds that workers have for a polite stop.
    public var graceSeconds = 60.0
    /// Seconds until all hosts must have started their workers.
    public var startSeconds = 120.0

    public init(workers: Int, hostFile: String? = nil, arguments: [String]) {
      self.workers = workers
      self.hostFile = hostFile
      self.arguments = arguments
    }
  }

  /// The command that is run, its program first.
  public let commandLine: [String]
  private let options: Options

  /// Checks everything that can be checked before a process is started.
  ///
  /// - Parameter environment: The caller's environment: `PATH` finds `mpirun` and ssh, a batch system shows itself.
  /// - Throws: `InputError` or `SystemError` for a bad number of workers or host file, and for a missing program.
  public init(_ options: Options, environment: [String: String]) throws {
    guard options.workers >= 1 else { throw InputError("-n", expected: "at least 1 worker", found: "\(options.workers)") }
    guard !options.arguments.contains(":") else {
      throw InputError("launch", expected: "no argument that is only a colon, at which mpirun would split the command", found: ":")
    }
    guard let mpirun = MpirunCommand.find("mpirun", path: environment["PATH"]) else {
      throw InputError("mpirun", expected: "Open MPI's mpirun in PATH (Debian: openmpi-bin)", found: "none")
    }
    // Version 5 is another program under the same name: other options, other messages.
    let version = MpirunCommand.version(of: mpirun) ?? "a program that does not run"
    guard version.contains("(Open MPI) 4.") else { throw InputError(mpirun, expected: "mpirun of Open MPI 4", found: version) }
    self.options = options
    commandLine = try MpirunCommand(
      mpirun: mpirun, workers: options.workers, hosts: try options.hostFile.map(LauncherHostFile.init(path:)),
      program: try options.program ?? Self.thisProgram(), arguments: options.arguments, environment: environment,
      isRoot: geteuid() == 0
    ).line
  }

  /// Runs the job to its end. Blocks the calling thread, and replaces the process's signal handlers meanwhile.
  ///
  /// - Returns: The exit status for the launcher: 0, the code of the worker that failed, or 128 plus the signal that killed it.
  /// - Throws: `SystemError` when `mpirun` cannot be started.
  public func run() throws -> Int32 {
    let signals = try LauncherSignals()
    let job = LaunchedJob(
      process: try MpirunProcess(commandLine), signals: signals, workers: options.workers,
      ladder: LauncherStopLadder(graceSeconds: options.graceSeconds),
      startDeadline: MonotonicClock.now() + UInt64(options.startSeconds * 1e9))
    return job.runToEnd()
  }

  private static func thisProgram() throws -> String {
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = path.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
    guard count > 0 else { throw SystemError("find this program's path", code: errno) }
    return String(decoding: path.prefix(count), as: UTF8.self)
  }
}
