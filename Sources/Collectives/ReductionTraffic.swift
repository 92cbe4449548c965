/// Bytes that a `GradientReducer` has exchanged with other workers since it was made.
public struct ReductionTraffic: Sendable, Equatable {
  /// Sums of gradients of whole blocks, sent to the owners of slices.
  public var gradientBytesSent = 0
  /// Sums of gradients received for my slice.
  public var gradientBytesReceived = 0
  /// Updated weights of my slice, sent to all others.
  public var weightBytesSent = 0
  /// Updated weights of the other slices.
  public var weightBytesReceived = 0
  /// Float64 values of ordered sums.
  public var sumBytesSent = 0
  /// Float64 values of ordered sums.
  public var sumBytesReceived = 0
}
