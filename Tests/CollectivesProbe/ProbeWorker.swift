import Collectives
import Glibc
import Synchronization

private let stopIsAsked = Atomic<Bool>(false)

/// One worker of a probe job. Notes its process id in `DIRECTORY/RANK`, before MPI starts and again when all have met.
struct ProbeWorker {
  let directory: String
  private let rank = getenv("OMPI_COMM_WORLD_RANK").flatMap { Int(String(cString: $0)) } ?? 0

  init(directory: String) { self.directory = directory }

  func run(_ behaviour: ProbeBehaviour) throws {
    note("started")
    if behaviour == .stopPolitely { signal(SIGUSR1) { _ in stopIsAsked.store(true, ordering: .relaxed) } }
    if behaviour == .refuseToStop { for number in [SIGUSR1, SIGTERM, SIGINT] { signal(number, SIG_IGN) } }
    if rank == 1 { endBeforeInit(behaviour) }
    let group = try MPIProcessGroup()
    try group.barrier()
    note("met")
    switch behaviour {
    case .print:
      write(STDOUT_FILENO, [UInt8](0...255), 256)
      write(STDERR_FILENO, [UInt8](0...255).reversed(), 256)
    case .stopPolitely: while !stopIsAsked.load(ordering: .relaxed) { usleep(10_000) }
    case .refuseToStop: while true { sleep(1) }
    case .killInCollective where rank == 0: while true { sleep(1) }
    case .killInCollective where rank == 1: startKiller()
    default: if rank == 1 { endWhileOthersWait(behaviour, group) }
    }
    try group.barrier()
    try group.finalize()
    if rank == 1, behaviour == .exitAfterFinalize { exit(5) }
    if behaviour == .stopPolitely { exit(Launcher.stoppedPolitely) }
  }

  private func endBeforeInit(_ behaviour: ProbeBehaviour) {
    switch behaviour {
    case .exitBeforeInit: exit(3)
    case .killBeforeInit: kill(getpid(), SIGKILL)
    default: break
    }
  }

  private func endWhileOthersWait(_ behaviour: ProbeBehaviour, _ group: MPIProcessGroup) {
    switch behaviour {
    case .exit3: exit(3)
    case .exit0: exit(0)
    case .kill: kill(getpid(), SIGKILL)
    case .segmentationFault: UnsafeMutablePointer<UInt8>(bitPattern: 1)!.pointee = 1
    case .abort: group.abort(7)
    case .failureIsReported:
      let line = Array("worker 0 has been silent for too long\n".utf8)
      write(STDERR_FILENO, line, line.count)
      _exit(Launcher.failureIsReported)
    default: break
    }
  }

  private func startKiller() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        usleep(200_000)
        kill(getpid(), SIGKILL)
        return nil
      }, nil)
  }

  private func note(_ stage: String) {
    let file = fopen("\(directory)/\(rank).\(stage)", "w")
    fputs("\(getpid())", file)
    fclose(file)
  }
}
