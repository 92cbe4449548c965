import CZeroMQ

/// What becomes of the memory of messages that were sent or read.
///
/// A message of half a megabyte is allocated by one thread and freed by another. By default the C library then gives its pages back to the
/// system, and takes them again, with a fault for each 4 KiB, for the next one.
enum MessageMemory {
  /// Has the C library keep up to 32 MiB of freed memory in each of its arenas; blocks of 4 MiB and more are still given back at once. For
  /// the whole process, the first time that it is read; false where the C library refuses.
  static let isKept = mallopt(M_MMAP_THRESHOLD, 4 << 20) == 1 && mallopt(M_TRIM_THRESHOLD, 32 << 20) == 1
}
