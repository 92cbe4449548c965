import Tensors

/// Which worker owns which parts: worker `w` of `W` owns parts `⌊wk/W⌋ … ⌊(w+1)k/W⌋ − 1` of `k`.
public struct PartAssignment: Sendable, Equatable {
  /// `k`, the number of parts.
  public let parts: Int
  /// `W`, the number of workers.
  public let workers: Int

  /// - Throws: `InputError` when there are more workers than parts: some would own nothing.
  public init(parts: Int, workers: Int) throws {
    precondition(parts >= 1 && workers >= 1, "\(parts) parts cannot be assigned to \(workers) workers")
    guard workers <= parts else {
      throw InputError(
        "number of workers", expected: "at most \(parts), one for each part of this graph", found: "\(workers)")
    }
    self.parts = parts
    self.workers = workers
  }

  /// The parts that `worker` owns; never empty.
  public func parts(of worker: Int) -> Range<Int> {
    precondition((0..<workers).contains(worker), "no worker \(worker) among \(workers)")
    return worker * parts / workers..<(worker + 1) * parts / workers
  }

  /// The worker that owns `part`.
  public func worker(of part: Int) -> Int {
    precondition((0..<parts).contains(part), "no part \(part) among \(parts)")
    // The largest w with ⌊wk/W⌋ ≤ part, that is with wk < (part + 1)·W.
    return ((part + 1) * workers - 1) / parts
  }

  /// One line for the user when workers own unequal numbers of parts; nil when all own the same.
  public var notice: String? {
    let counts = (0..<workers).map { parts(of: $0).count }
    guard let least = counts.min(), let most = counts.max(), least < most else { return nil }
    let busiest = counts.filter { $0 == most }.count
    return "\(parts) parts on \(workers) workers: \(busiest) of them own \(most), the others \(least); "
      + "a worker count that divides \(parts) would be even"
  }
}
