import CMPI
import Glibc

/// The cores that this process may use, which `mpirun` restricts to one or to one socket unless it is told not to.
public enum CoreBinding {
  /// Number of cores that the calling thread may run on.
  public static func availableCores() -> Int { max(1, Int(cmpi_available_cores())) }

  /// One line for the user when `mpirun` has bound this worker to fewer cores than it has threads; nil otherwise.
  ///
  /// - Parameter threads: Threads that the worker computes with.
  public static func notice(threads: Int) -> String? {
    let cores = availableCores()
    guard cores < threads, getenv("OMPI_MCA_orte_bound_at_launch") != nil else { return nil }
    return "mpirun has bound the \(threads) threads of each worker to \(cores) of its cores; "
      + "start it with --bind-to none, or use halo launch"
  }
}
