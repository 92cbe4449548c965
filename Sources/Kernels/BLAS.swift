internal import CBLAS
import Glibc
import Synchronization

/// The dense linear algebra library of this process.
///
/// Every call runs on the thread that makes it: parallelism is over tiles, whose bounds no thread count moves.
public enum BLAS {
  /// Version, build options and the processor core whose kernels are in use, as in
  /// `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64 · SkylakeX`.
  ///
  /// Workers compare it before they start: products have the same bits only where it is the same.
  public static var description: String {
    _ = ready
    // The library writes its answer into a buffer that all callers share.
    return prepared.withLock { _ in "\(String(cString: openblas_get_config())) · \(core)" }
  }

  /// Makes the library use its kernels for `instructions`; the environment's OPENBLAS_CORETYPE, where set, wins.
  ///
  /// OpenBLAS falls back to AVX2 on processors newer than itself: 0.3.21 does 102 GFLOP/s on an AVX-512 processor of 2024 where
  /// its AVX-512 kernels do 180. The first product calls this with what was detected; a mixed cluster calls it with what all
  /// hosts have, before any product.
  public static func prepare(_ instructions: InstructionSet = .detected) {
    prepared.withLock { done in
      done = true
      choose(instructions)
      openblas_set_num_threads(1)
    }
  }

  /// Prepared, once.
  static let ready: Void = {
    if !prepared.withLock({ $0 }) { prepare() }
  }()

  private static let prepared = Mutex(false)
  private static var core: String { String(cString: openblas_get_corename()) }
  private static let override = "OPENBLAS_CORETYPE"

  /// Cores that need each instruction set and no more, the one to ask for first.
  private static func cores(_ instructions: InstructionSet) -> [String] {
    switch instructions {
    case .avx512: ["SkylakeX", "Cooperlake", "SapphireRapids"]
    case .avx2: ["Haswell", "Zen", "Excavator"]
    case .portable: ["Prescott", "Core2"]
    }
  }

  private static func choose(_ instructions: InstructionSet) {
    #if arch(x86_64)
      let wanted = cores(instructions)
      guard getenv(override) == nil, !wanted.contains(core) else { return }
      setenv(override, wanted[0], 1)
      _ = openblas_choose_core()
      unsetenv(override)
    #endif
  }
}
