import Glibc
import Tensors

/// The command line of Open MPI 4's `mpirun` that starts the workers of a job.
package struct MpirunCommand: Equatable {
  /// Absolute path of `mpirun`; Open MPI then looks for its own parts beside it on the other hosts.
  package var mpirun: String
  package var workers: Int
  package var hosts: LauncherHostFile?
  /// Absolute path of the program, the same on all hosts.
  package var program: String
  package var arguments: [String]
  package var environment: [String: String]
  /// Whether the caller is root, as which `mpirun` otherwise refuses to run.
  package var isRoot: Bool

  package init(
    mpirun: String, workers: Int, hosts: LauncherHostFile?, program: String, arguments: [String], environment: [String: String],
    isRoot: Bool
  ) {
    self.mpirun = mpirun
    self.workers = workers
    self.hosts = hosts
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.isRoot = isRoot
  }

  /// Seconds without an answer after which a host counts as dead: idle time, then probes. Open MPI's own is 480.
  static let keepalive = (idle: 4, interval: 2, probes: 3)

  /// Whether all workers run on this machine. A batch system's allocation may hold others.
  package var isLocal: Bool {
    if let hosts { return hosts.hosts.allSatisfy(\.isLocal) }
    return !["SLURM_JOB_ID", "PBS_NODEFILE", "PE_HOSTFILE", "LSB_HOSTS", "LSB_MCPU_HOSTS"].contains { environment[$0] != nil }
  }

  /// The whole command line, the program's name first.
  ///
  /// - Throws: `InputError` when workers are to be started on other hosts, and there is no program to do that.
  package var line: [String] {
    get throws {
      var line = [mpirun]
      if isRoot { line += ["--allow-run-as-root"] }
      line += ["-n", "\(workers)", "--bind-to", "none", "--map-by", "slot:OVERSUBSCRIBE", "--stdin", "none"]
      if let hosts { line += ["--hostfile", hosts.path] }
      // Exits are then reported with rank, host and process id, which mpirun's own message lacks; MpirunOutput reads them.
      line += option("odls_base_verbose", "5")
      line += option("mpi_yield_when_idle", environment["OMPI_MCA_mpi_yield_when_idle"] ?? "1")
      line += option("odls_base_sigkill_timeout", environment["OMPI_MCA_odls_base_sigkill_timeout"] ?? "1")
      line += option("oob_tcp_keepalive_time", "\(Self.keepalive.idle)")
      line += option("oob_tcp_keepalive_intvl", "\(Self.keepalive.interval)")
      line += option("oob_tcp_keepalive_probes", "\(Self.keepalive.probes)")
      line += try starter()
      for name in exported { line += ["-x", name] }
      return line + [program] + arguments
    }
  }

  /// How `mpirun` reaches the hosts.
  private func starter() throws -> [String] {
    // Without this, mpirun wants an ssh or rsh program even where it has nobody to reach.
    if isLocal { return option("plm", "isolated") }
    // The user's own choice, or a batch system's way.
    if environment["OMPI_MCA_plm_rsh_agent"] != nil || hosts == nil { return [] }
    guard Self.find("ssh", path: environment["PATH"]) != nil else {
      let remote = hosts!.hosts.first { !$0.isLocal }!.name
      throw InputError(
        "ssh", expected: "a program in PATH that starts workers on \(remote) (Debian: openssh-client)", found: "none")
    }
    // Nobody is there to type a password, and an unreachable host must not be waited for.
    return option("plm_rsh_agent", "ssh -x -o BatchMode=yes -o ConnectTimeout=10")
  }

  /// Variables that the workers on other hosts need too; those on this one inherit all.
  private var exported: [String] {
    environment.keys.filter { name in
      name == "LD_LIBRARY_PATH" || ["HALO_", "OPENBLAS_"].contains { name.hasPrefix($0) }
    }.sorted()
  }

  private func option(_ name: String, _ value: String) -> [String] { ["--mca", name, value] }

  /// What `mpirun` says of itself, `mpirun (Open MPI) 4.1.4`; nil when it does not run.
  static func version(of mpirun: String) -> String? {
    let quoted = mpirun.replacing("'", with: "'\\''")
    guard let stream = popen("'\(quoted)' --version </dev/null 2>/dev/null", "re") else { return nil }
    defer { pclose(stream) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), stream) != nil else { return nil }
    return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The absolute path of an executable program called `name` in the directories of `path`.
  package static func find(_ name: String, path: String?) -> String? {
    for directory in (path ?? "").split(separator: ":") where directory.hasPrefix("/") {
      let candidate = "\(directory)/\(name)"
      var status = stat()
      if stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(candidate, X_OK) == 0 { return candidate }
    }
    return nil
  }
}
