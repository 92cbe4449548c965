public import Tensors

/// How a graph is read: with which threads, and where remarks go.
public struct IngestContext: Sendable {
  public var threads: Threads
  /// Whether files that take long show progress on standard error.
  public var showsProgress: Bool
  /// Bytes of memory of the table that numbers nodes with names; what does not fit goes through temporary files.
  public var idTableBytes = 256 << 20
  /// Bytes of memory that reading may take, mapped files aside: edges that are read or copied then lie in temporary files. What cannot stay
  /// below is refused. No limit where `nil`.
  public var memory: Int?
  /// Where temporary files lie. They have no names there and are gone with the program.
  public var scratchFolder = "/tmp"
  /// Receives what the user should know but need not mend, one sentence at a time.
  public var notice: @Sendable (String) -> Void

  /// Where edges lie that are read or copied.
  var edgeStorage: ArrayStorage { memory == nil ? .memory : .files(in: scratchFolder, bufferBytes: 1 << 20) }

  public init(threads: Threads = Threads(1), showsProgress: Bool = false, notice: @escaping @Sendable (String) -> Void = { _ in }) {
    self.threads = threads
    self.showsProgress = showsProgress
    self.notice = notice
  }
}
