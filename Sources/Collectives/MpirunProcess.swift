import CMPI
import Glibc
import Tensors

/// A running `mpirun` and all that descends from it.
///
/// It receives SIGTERM, and then ends its workers, when the thread that started it ends, be it by SIGKILL. Confined to
/// that thread; at most one per process, which must not start other children meanwhile.
final class MpirunProcess {
  let pid: pid_t
  /// Its standard error, non-blocking.
  let errors: CInt
  /// Exit code, or 128 plus the signal that killed it; nil while it runs.
  private(set) var status: Int32?
  /// The signal that killed `mpirun` itself.
  private(set) var killer: Int32?
  /// Children of this process that have nothing to do with the job.
  private let strangers: Set<pid_t>

  /// - Throws: `SystemError` when it cannot be started.
  init(_ line: [String]) throws {
    strangers = Set(Self.children())
    // Workers outlive a killed mpirun; as this process's children they can be found and ended.
    guard cmpi_adopt_orphans() == 0 else { throw SystemError("become the parent of orphans", code: errno) }
    var ends: [CInt] = [-1, -1]
    guard cmpi_pipe(&ends) == 0 else { throw SystemError("make a pipe", code: errno) }
    var arguments = line.map { strdup($0) } + [nil]
    pid = cmpi_spawn(line[0], &arguments, ends[1])
    for argument in arguments { free(argument) }
    close(ends[1])
    guard pid > 0 else {
      close(ends[0])
      throw SystemError("start \(line[0])", code: -pid)
    }
    errors = ends[0]
    _ = fcntl(errors, F_SETFL, O_NONBLOCK)
  }

  deinit { close(errors) }

  /// Sends a signal to `mpirun` alone, which passes SIGUSR1 on to the workers and ends them after SIGTERM.
  func signal(_ number: Int32) {
    if status == nil { kill(pid, number) }
  }

  /// Kills `mpirun` and whatever it has started on this host, at once.
  func killAll() {
    signal(SIGKILL)
    kill(-pid, SIGKILL)
  }

  /// Notes whether it has ended.
  func update() {
    var code: Int32 = 0
    guard status == nil, waitpid(pid, &code, WNOHANG) == pid else { return }
    killer = code & 0x7f == 0 ? nil : code & 0x7f
    status = killer.map { 128 + $0 } ?? (code >> 8) & 0xff
  }

  /// Reads what has arrived on its standard error; nil at the end of the stream.
  func readErrors() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = read(errors, &bytes, bytes.count)
    if count > 0 { return Array(bytes.prefix(count)) }
    return count == 0 ? nil : []
  }

  /// Kills what has outlived `mpirun` on this host, and its children in turn.
  func endOrphans() {
    for _ in 0..<250 {
      let orphans = Self.children().filter { !strangers.contains($0) && $0 != pid }
      if orphans.isEmpty { return }
      for orphan in orphans {
        kill(orphan, SIGKILL)
        waitpid(orphan, nil, WNOHANG)
      }
      usleep(20_000)
    }
  }

  /// All children of this process, adopted ones included.
  private static func children() -> [pid_t] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    let parent = getpid()
    var children: [pid_t] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let pid = pid_t(name), Self.parent(of: pid) == parent { children.append(pid) }
    }
    return children
  }

  private static func parent(of pid: pid_t) -> pid_t? {
    guard let file = fopen("/proc/\(pid)/stat", "re") else { return nil }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 1024)
    guard fgets(&text, Int32(text.count), file) != nil else { return nil }
    // 17 (name) S 16 …: the name may hold spaces and parentheses.
    let line = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard let afterName = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: afterName)...].split(separator: " ")
    return fields.count > 1 ? pid_t(fields[1]) : nil
  }
}
