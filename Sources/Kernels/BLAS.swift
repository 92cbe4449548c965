internal import CBLAS

/// The dense linear algebra library of this process.
///
/// Every call runs on the thread that makes it: parallelism is over tiles, whose bounds no thread count moves.
public enum BLAS {
  /// Version, build options and the processor core whose kernels are in use, as in
  /// `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Cooperlake MAX_THREADS=64 · Cooperlake`.
  ///
  /// The library chooses the core when it is loaded, unless OPENBLAS_CORETYPE names one. Workers compare this before they start:
  /// products have the same bits only where it is the same.
  public static let description =
    // Asked once: the library writes its answer into a buffer that all callers share.
    "\(String(cString: openblas_get_config())) · \(String(cString: openblas_get_corename()))"

  /// Prepared, once.
  static let ready: Void = openblas_set_num_threads(1)
}
