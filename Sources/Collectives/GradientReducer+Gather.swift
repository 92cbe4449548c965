public import Tensors

extension GradientReducer {
  /// Collects on one worker a vector of which each holds its slice; a collective call.
  ///
  /// - Parameter values: My slice: `slice.count` elements.
  /// - Returns: All `N` elements on worker `root`; `nil` on the others.
  /// - Throws: `CollectiveError`.
  public func gather(_ values: UnsafePointer<Float>, to root: Int) throws -> Buffer<Float>? {
    let width = MemoryLayout<Float>.stride
    let whole = group.rank == root ? Buffer<Float>(count: plan.elementCount) : nil
    whole.map { ($0.pointer + slice.lowerBound).update(from: values, count: slice.count) }
    let send = (0..<group.size).map { peer in
      let isSent = peer == root && peer != group.rank
      return UnsafeRawBufferPointer(start: isSent ? values : nil, count: isSent ? slice.count * width : 0)
    }
    let receive = (0..<group.size).map { peer in
      let elements = plan.elements(of: peer)
      guard let whole, peer != group.rank else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
      return UnsafeMutableRawBufferPointer(start: whole.pointer + elements.lowerBound, count: elements.count * width)
    }
    try withExtendedLifetime(whole) { try group.exchange(send: send, receive: receive) }
    return whole
  }
}
