import Glibc

/// Time that processors have worked, waiting not counted.
public enum ProcessorClock {
  /// Nanoseconds of the calling thread.
  public static func thread() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  /// Nanoseconds of all threads of this process, those that have ended included.
  public static func process() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
