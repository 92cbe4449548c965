/// How a flat vector is divided among workers: each owns a contiguous slice of whole chunks.
public struct SlicePlan: Sendable, Equatable {
  /// Elements of a chunk, the unit of slices and of ordered sums over a vector; the last chunk may be shorter.
  public static let chunkElements = 4096

  /// Length of the vector.
  public let elementCount: Int
  /// Number of workers.
  public let workers: Int

  public init(elementCount: Int, workers: Int) {
    precondition(elementCount >= 0 && workers >= 1, "\(elementCount) elements for \(workers) workers")
    self.elementCount = elementCount
    self.workers = workers
  }

  /// Number of chunks of the whole vector.
  public var chunkCount: Int { (elementCount + Self.chunkElements - 1) / Self.chunkElements }

  /// The chunks that `worker` owns; empty when there are fewer chunks than workers and this one gets none.
  public func chunks(of worker: Int) -> Range<Int> {
    precondition((0..<workers).contains(worker), "no worker \(worker) among \(workers)")
    return worker * chunkCount / workers..<(worker + 1) * chunkCount / workers
  }

  /// The elements that `worker` owns.
  public func elements(of worker: Int) -> Range<Int> {
    let chunks = chunks(of: worker)
    return min(elementCount, chunks.lowerBound * Self.chunkElements)..<min(elementCount, chunks.upperBound * Self.chunkElements)
  }
}
