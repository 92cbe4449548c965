/// Where arrays lie that may be larger than memory. What is in them does not depend on it.
public enum ArrayStorage: Hashable, Sendable {
  case memory
  /// In files without names in a folder, mapped: the system takes their pages back when memory is short. They are written behind each
  /// other, from pieces that are made in so many bytes of memory; what fits into one piece stays there.
  case files(in: String, bufferBytes: Int)
}
