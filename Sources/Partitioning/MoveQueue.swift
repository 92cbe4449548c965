/// A node that could leave its part, and what that costs.
struct CandidateMove {
  /// Cut edges lost for each mean part of overload removed; zero or the gain itself, negative, where none are lost.
  let price: Double
  let node: Int
  let target: Int

  /// The order of the queue: cheapest first, then by node, so that equal prices leave no choice.
  static func precedes(_ a: CandidateMove, _ b: CandidateMove) -> Bool { (a.price, a.node, a.target) < (b.price, b.node, b.target) }
}

/// Candidate moves, cheapest first: a binary heap.
struct MoveQueue {
  private var heap: [CandidateMove] = []

  /// Adds a candidate. O(log n).
  mutating func insert(_ move: CandidateMove) {
    heap.append(move)
    var child = heap.count - 1
    while child > 0, CandidateMove.precedes(heap[child], heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes the cheapest candidate. O(log n).
  mutating func popCheapest() -> CandidateMove? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    heap[0] = last
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if CandidateMove.precedes(heap[child], heap[smallest]) { smallest = child }
      }
      guard smallest != parent else { return first }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
