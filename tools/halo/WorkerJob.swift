import ArgumentParser
import Collectives
import Training

/// The job that this process is a worker of.
enum WorkerJob {
  /// Runs `body` as a worker of the job that `mpirun` started, or as a job of one.
  ///
  /// - Throws: What `body` throws in a job of one. In a larger job the error is printed here, by worker 0 alone when all workers share
  ///   it, and becomes the status that tells the launcher so.
  static func run(_ body: (any ProcessGroup) throws -> Void) throws {
    guard MPIProcessGroup.isLaunched else { return try body(InProcessGroup.alone()) }
    let group = try MPIProcessGroup()
    do {
      try body(group)
      try group.finalize()
    } catch let error as WorkerError {
      if group.rank == 0 { Halo.printError(error) }
      // The first worker to end takes the others with it: all wait for the line to be out.
      try group.barrier()
      throw ExitCode(Launcher.failureIsReported)
    } catch {
      Halo.printError("worker \(group.rank): \(error)")
      throw ExitCode(Launcher.failureIsReported)
    }
  }
}
