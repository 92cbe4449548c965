public import Tensors

/// Sums the parts' gradients along the fixed tree, and hands every worker the whole updated weight vector.
///
/// A step goes: for each own part, ascending, `gradientBuffer()` – write – `commit(part:)`; then `reduce()`; then the
/// optimiser on `slice`; then `allGather(weights:)`. The sums have the same bits for any number of workers and threads.
///
/// A worker adds up only whole aligned blocks of its own parts, while they are committed; the blocks that remain (one
/// for each worker when `W` divides `k` and `k/W` is a power of two) travel to the owners of the slices, who add them
/// up along the tree. Letters: `N` elements, `k` parts, `W` workers.
///
/// - Complexity: memory of at most `2 + 2·log₂(k/W)` vectors of `N` for the own parts, and of `N/W` for each block
///   received. Confined to the thread of its group.
public final class GradientReducer {
  /// My elements of the flat vector: whole chunks of 4,096; may be empty.
  public let slice: Range<Int>
  /// How the flat vector is divided.
  public let plan: SlicePlan
  /// Bytes exchanged so far.
  public private(set) var traffic = ReductionTraffic()

  let group: any ProcessGroup
  private let assignment: PartAssignment
  private let tree: ReductionTree
  let threads: Threads
  /// The blocks that arrive at a slice owner, by worker.
  private let blocksOfWorker: [[ReductionTree.Block]]
  private let additions: [ReductionTree.Addition]
  /// Room for one slice of each block of the other workers.
  private let received: Buffer<Float>

  private var sums: [(block: ReductionTree.Block, gradient: Buffer<Float>)] = []
  private var spare: [Buffer<Float>] = []
  private var current: Buffer<Float>?
  private var nextPart: Int

  /// - Parameters:
  ///   - group: As many members as `assignment` has workers; the same `assignment` and `elementCount` on each.
  ///   - elementCount: `N`, the length of the flat gradient.
  ///   - threads: For additions.
  public init(group: any ProcessGroup, assignment: PartAssignment, elementCount: Int, threads: Threads) {
    precondition(group.size == assignment.workers, "\(assignment.workers) workers in a group of \(group.size)")
    self.group = group
    self.assignment = assignment
    self.threads = threads
    let tree = ReductionTree(parts: assignment.parts)
    self.tree = tree
    plan = SlicePlan(elementCount: elementCount, workers: group.size)
    slice = plan.elements(of: group.rank)
    let blocks = (0..<group.size).map { tree.blocks(covering: assignment.parts(of: $0)) }
    blocksOfWorker = blocks
    additions = tree.additions(of: blocks.flatMap { $0 })
    received = Buffer(count: (blocks.reduce(0) { $0 + $1.count } - blocks[group.rank].count) * slice.count)
    nextPart = assignment.parts(of: group.rank).lowerBound
  }

  /// Where the next part, ascending, writes its gradient; the old content is arbitrary and all `N` elements must be written.
  ///
  /// Ends the life of the pointer that `reduce()` returned.
  public func gradientBuffer() -> UnsafeMutablePointer<Float> {
    precondition(nextPart < assignment.parts(of: group.rank).upperBound, "all own parts are committed: reduce first")
    let gradient = current ?? spare.popLast() ?? Buffer(count: plan.elementCount)
    current = gradient
    return gradient.pointer
  }

  /// Adds the gradient that was written into `gradientBuffer()` to the sums.
  ///
  /// - Parameter part: The next of this worker's parts, ascending.
  public func commit(part: Int) {
    guard let gradient = current else { preconditionFailure("part \(part) has written no gradient") }
    precondition(part == nextPart, "part \(part) is committed, but part \(nextPart) is next")
    current = nil
    nextPart += 1
    sums.append((ReductionTree.Block(level: 0, index: part), gradient))
    // Like carries of a binary counter: two finished halves become their parent.
    while sums.count >= 2, sums[sums.count - 2].block == sums[sums.count - 1].block.sibling {
      let right = sums.removeLast()
      let left = sums.removeLast()
      add(right.gradient.pointer, into: left.gradient.pointer, count: plan.elementCount)
      spare.append(right.gradient)
      sums.append((left.block.parent, left.gradient))
    }
  }

  /// Exchanges the sums of all workers and returns those of my slice.
  ///
  /// - Returns: The gradient summed over all parts: `slice.count` elements, which the caller may overwrite; valid until
  ///   the next `gradientBuffer()`.
  /// - Throws: `CollectiveError`.
  public func reduce() throws -> UnsafeMutablePointer<Float> {
    let own = assignment.parts(of: group.rank)
    precondition(nextPart == own.upperBound, "part \(nextPart) is not committed yet")
    precondition(sums.map(\.block) == blocksOfWorker[group.rank], "the sums are not the tree's blocks")
    let places = blockSlices()
    for ordinal in 0..<(blocksOfWorker.map(\.count).max() ?? 0) { try exchange(blockOrdinal: ordinal, places) }
    nonisolated(unsafe) let bases = places.flatMap { $0 }
    let additions = additions
    threads.forEachChunk(of: slice.count, by: SlicePlan.chunkElements) { range in
      for addition in additions {
        addFloats(bases[addition.from] + range.lowerBound, into: bases[addition.into] + range.lowerBound, count: range.count)
      }
    }
    spare.append(contentsOf: sums.map(\.gradient))
    sums.removeAll(keepingCapacity: true)
    nextPart = own.lowerBound
    return bases[0]
  }

  /// Completes the weight vector on every worker from the slices that their owners have updated.
  ///
  /// - Parameter weights: `N` elements; `slice` is read, the rest overwritten.
  /// - Throws: `CollectiveError`.
  public func allGather(weights: UnsafeMutablePointer<Float>) throws {
    let width = MemoryLayout<Float>.stride
    let ranges = (0..<group.size).map { worker in
      let elements = plan.elements(of: worker)
      return elements.lowerBound * width..<elements.upperBound * width
    }
    try group.allGather(inPlace: weights, ranges: ranges)
    traffic.weightBytesSent += slice.count * width * (group.size - 1)
    traffic.weightBytesReceived += (plan.elementCount - slice.count) * width
  }

  /// Sums vectors of float64 over parts along the same tree; every worker gets the sums.
  ///
  /// - Parameter perPart: The vectors of those of my parts that have one; a part without is skipped. All vectors have one length.
  /// - Returns: The sums; empty when no part of any worker has a vector.
  /// - Throws: `CollectiveError`, also when the workers' vectors differ in length.
  public func orderedSum(_ perPart: [Int: [Double]]) throws -> [Double] {
    let message = PartVectors(perPart, allowed: assignment.parts(of: group.rank)).bytes
    let messages = try group.allGather(message)
    count(sumBytesSent: message.count * (group.size - 1), received: messages.reduce(0) { $0 + $1.count } - message.count)
    var vectors = [[Double]?](repeating: nil, count: assignment.parts)
    var length: Int?
    for (peer, bytes) in messages.enumerated() {
      guard let sent = PartVectors(bytes: bytes, allowed: assignment.parts(of: peer)) else {
        throw CollectiveError.malformed(operation: "ordered sum", rank: group.rank, peer: peer, reason: "not a list of its parts' vectors")
      }
      for (part, vector) in sent.vectors {
        guard vector.count == length ?? vector.count else {
          throw CollectiveError.malformed(
            operation: "ordered sum", rank: group.rank, peer: peer,
            reason: "part \(part) has \(vector.count) values, an earlier part \(length!)")
        }
        length = vector.count
        vectors[part] = vector
      }
    }
    return tree.sum(vectors) { left, right in zip(left, right).map { $0 + $1 } } ?? []
  }

  /// Adds to the bytes exchanged for sums of float64 values.
  func count(sumBytesSent sent: Int, received: Int) {
    traffic.sumBytesSent += sent
    traffic.sumBytesReceived += received
  }

  /// Where my slice of each worker's blocks is: in the sums for my own, in `received` for the others'.
  private func blockSlices() -> [[UnsafeMutablePointer<Float>]] {
    var next = received.pointer
    return blocksOfWorker.indices.map { worker in
      if worker == group.rank { return sums.map { $0.gradient.pointer + slice.lowerBound } }
      return blocksOfWorker[worker].map { _ in
        defer { next += slice.count }
        return next
      }
    }
  }

  /// Sends my block number `ordinal`, if I have so many, to the owners of its slices, and receives the others' of that number.
  private func exchange(blockOrdinal ordinal: Int, _ places: [[UnsafeMutablePointer<Float>]]) throws {
    let width = MemoryLayout<Float>.stride
    let send = (0..<group.size).map { peer in
      guard peer != group.rank, ordinal < sums.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
      let elements = plan.elements(of: peer)
      return UnsafeRawBufferPointer(start: sums[ordinal].gradient.pointer + elements.lowerBound, count: elements.count * width)
    }
    let receive = (0..<group.size).map { peer in
      guard peer != group.rank, ordinal < places[peer].count else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
      return UnsafeMutableRawBufferPointer(start: places[peer][ordinal], count: slice.count * width)
    }
    try group.exchange(send: send, receive: receive)
    traffic.gradientBytesSent += send.reduce(0) { $0 + $1.count }
    traffic.gradientBytesReceived += receive.reduce(0) { $0 + $1.count }
  }

  private func add(_ from: UnsafeMutablePointer<Float>, into: UnsafeMutablePointer<Float>, count: Int) {
    nonisolated(unsafe) let from = from
    nonisolated(unsafe) let into = into
    threads.forEachChunk(of: count, by: SlicePlan.chunkElements) { range in
      addFloats(from + range.lowerBound, into: into + range.lowerBound, count: range.count)
    }
  }
}
