import Graphs
import Partitions
import Sampling
import Tensors

/// Different random rows of every worker's first part, for a timed body.
///
/// All first parts are walked along one permutation: own rows take its beginning, those that other workers ask for lie behind, so that no
/// row is asked for twice.
final class EmbeddingRows {
  private let worker: EmbeddingWorker
  private let count: Int
  private let partRows: Int
  private let ids: Buffer<GlobalID>
  /// Numbers in the first own part of its rows among those drawn, in their order.
  let own = GrowingBuffer<UInt32>()

  init(_ request: EmbeddingBenchmark.Request, _ worker: EmbeddingWorker) {
    self.worker = worker
    count = request.timedRows
    partRows = request.rows / EmbeddingBenchmark.partCount
    ids = Buffer(count: count)
  }

  /// Global ids of the rows that were drawn last; valid until the next draw.
  var nodes: UnsafeBufferPointer<GlobalID> { UnsafeBufferPointer(ids.elements) }

  /// Draws rows, of which the share belongs to the other workers in turn, spread evenly over the list.
  func draw(_ number: Int, remoteShare: Double) {
    let permutation = FeistelPermutation(
      count: partRows, key: RandomKey(seed: 0, purpose: .permutation), epoch: UInt32(truncatingIfNeeded: number))
    let (rank, size) = (worker.group.rank, worker.group.size)
    func remoteRows(before place: Int) -> Int { Int(Double(place) * remoteShare) }
    let ownRows = count - remoteRows(before: count)
    own.removeAll()
    for place in 0..<count {
      let remote = remoteRows(before: place)
      if remoteRows(before: place + 1) == remote {
        let row = permutation[own.count]
        own.append(UInt32(truncatingIfNeeded: row))
        ids.pointer[place] = id(Int(row), of: rank)
      } else {
        // The `distance`-th worker after this one gets every (size − 1)-th remote row, and as many from each of the others.
        let (turn, distance) = (remote / (size - 1), 1 + remote % (size - 1))
        let row = permutation[ownRows + turn * (size - 1) + distance - 1]
        ids.pointer[place] = id(Int(row), of: (rank + distance) % size)
      }
    }
  }

  private func id(_ row: Int, of owner: Int) -> GlobalID {
    GlobalID(worker.book.innerRange(of: worker.assignment.parts(of: owner).lowerBound).lowerBound + Int64(row))
  }
}
