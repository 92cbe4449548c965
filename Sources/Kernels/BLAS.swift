internal import CBLAS

/// The dense linear algebra library of this process.
public enum BLAS {
  /// Version, build options and the processor core whose kernels are in use, as in
  /// `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64 · Haswell`.
  ///
  /// Workers compare it before they start: products have the same bits only where it is the same.
  public static var description: String {
    "\(String(cString: openblas_get_config())) · \(String(cString: openblas_get_corename()))"
  }

  /// Makes every call run on the thread that makes it; parallelism is over tiles, whose bounds no thread count moves.
  static let useCallingThread: Void = openblas_set_num_threads(1)
}
