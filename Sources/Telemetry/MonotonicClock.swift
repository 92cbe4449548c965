import Glibc

/// Time that never goes back: the system's monotonic clock.
public enum MonotonicClock {
  /// Nanoseconds since an arbitrary moment before the process started.
  public static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
