import CMETIS
import Glibc
import Partitions
import Synchronization
import Tensors

/// A METIS call that failed.
public struct METISError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the library returned.
  public let code: Int32

  public var description: String {
    let meaning =
      switch code {
      case METIS_ERROR_INPUT.rawValue: "erroneous input (METIS_ERROR_INPUT)"
      case METIS_ERROR_MEMORY.rawValue: "out of memory (METIS_ERROR_MEMORY)"
      case METIS_ERROR.rawValue: "failed (METIS_ERROR)"
      default: "unknown return code \(code)"
      }
    return "METIS_PartGraphKway: \(meaning)"
  }
}

/// k-way partitioning by libmetis 5 (Karypis, Kumar, SIAM J. Sci. Comput. 1998; multi-constraint: SC 1998).
enum METIS {
  /// The library draws from the process-wide `rand`, so that calls must not overlap to be repeatable.
  private static let exclusive = Mutex(())

  /// Minimises the cut under the constraints of `loads`; METIS aims at the tolerances and sometimes misses them, and may
  /// leave parts empty.
  ///
  /// - Parameters:
  ///   - imbalance: Largest part over its target for each constraint, above 1.
  ///   - shares: What each part is to hold.
  ///   - seed: Of METIS's own generator.
  /// - Returns: Part of each node.
  /// - Precondition: At least two parts, no more than nodes.
  static func partition(
    _ adjacency: Adjacency, loads: Buffer<Int32>, constraintCount: Int, shares: PartShares, imbalance: [Double], seed: Int32
  ) throws(METISError) -> [Int32] {
    let partCount = shares.partCount
    precondition(partCount > 1 && partCount <= adjacency.nodeCount && imbalance.count == constraintCount, "METIS's arguments")
    var options = [idx_t](repeating: 0, count: Int(METIS_NOPTIONS))
    try check(METIS_SetDefaultOptions(&options))
    options[Int(METIS_OPTION_OBJTYPE.rawValue)] = idx_t(METIS_OBJTYPE_CUT.rawValue)
    options[Int(METIS_OPTION_NUMBERING.rawValue)] = 0
    options[Int(METIS_OPTION_SEED.rawValue)] = seed
    var nodeCount = idx_t(adjacency.nodeCount)
    var constraints = idx_t(constraintCount)
    var parts = idx_t(partCount)
    var tolerances = imbalance.map { real_t($0) }
    // METIS takes a share for each part and constraint, part-major; none stands for equal ones.
    var targets = (0..<partCount).flatMap { [real_t](repeating: real_t(shares.fraction(of: $0)), count: constraintCount) }
    var cut: idx_t = 0
    var result = [idx_t](repeating: 0, count: adjacency.nodeCount)
    let code = exclusive.withLock { _ in
      withStandardOutputSilenced {
        targets.withUnsafeMutableBufferPointer { targets in
          METIS_PartGraphKway(
            &nodeCount, &constraints, adjacency.offsets.pointer, adjacency.neighbours.pointer, loads.pointer, nil,
            adjacency.weights?.pointer, &parts, shares.areEqual ? nil : targets.baseAddress, &tolerances, &options, &cut, &result)
        }
      }
    }
    try check(code)
    return result
  }

  private static func check(_ code: Int32) throws(METISError) {
    guard code == METIS_OK.rawValue else { throw METISError(code: code) }
  }

  /// METIS prints advice on standard output when a part gets no node, where it would damage `--json`.
  private static func withStandardOutputSilenced<Result>(_ body: () -> Result) -> Result {
    let sink = open("/dev/null", O_WRONLY | O_CLOEXEC)
    guard sink >= 0 else { return body() }
    defer { close(sink) }
    let kept = dup(STDOUT_FILENO)
    guard kept >= 0 else { return body() }
    defer { close(kept) }
    fflush(nil)
    dup2(sink, STDOUT_FILENO)
    defer {
      fflush(nil)
      dup2(kept, STDOUT_FILENO)
    }
    return body()
  }
}
