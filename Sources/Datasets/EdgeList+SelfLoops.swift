import Graphs
import Tensors

extension EdgeList {
  /// The same edges without those from a node to itself.
  func removingSelfLoops(threads: Threads) -> EdgeList {
    let chunk = 1 << 16
    let (sources, destinations, weights) = (sources, destinations, weights)
    let starts = Buffer<Int>(count: (count + chunk - 1) / chunk + 1)
    threads.forEachChunk(of: count, by: chunk) { range in
      var kept = 0
      for edge in range { kept &+= sources.pointer[edge] == destinations.pointer[edge] ? 0 : 1 }
      starts.pointer[range.lowerBound / chunk + 1] = kept
    }
    for index in 1..<starts.count { starts.pointer[index] += starts.pointer[index - 1] }
    let kept = starts[starts.count - 1]
    if kept == count { return self }
    let keptSources = Buffer<UInt32>(count: kept)
    let keptDestinations = Buffer<UInt32>(count: kept)
    let keptWeights = weights.map { _ in Buffer<Float>(count: kept) }
    let numbers = tables.isEmpty ? nil : Buffer<UInt32>(count: kept)
    threads.forEachChunk(of: count, by: chunk) { range in
      var position = starts.pointer[range.lowerBound / chunk]
      for edge in range where sources.pointer[edge] != destinations.pointer[edge] {
        keptSources.pointer[position] = sources.pointer[edge]
        keptDestinations.pointer[position] = destinations.pointer[edge]
        if let keptWeights, let weights { keptWeights.pointer[position] = weights.pointer[edge] }
        numbers?.pointer[position] = UInt32(truncatingIfNeeded: edge)
        position &+= 1
      }
    }
    return EdgeList(
      sources: keptSources.view, destinations: keptDestinations.view, weights: keptWeights?.view,
      tables: tables(numbers, threads: threads))
  }

  /// The same edges, then an edge to itself of every node that has none.
  func addingSelfLoops(nodeCount: Int, threads: Threads) -> EdgeList {
    let hasLoop = Buffer<Bool>(count: nodeCount)
    for edge in 0..<count where sources.pointer[edge] == destinations.pointer[edge] { hasLoop.pointer[Int(sources.pointer[edge])] = true }
    let missing = hasLoop.elements.reduce(0) { $0 + ($1 ? 0 : 1) }
    return extended(by: missing, threads: threads) { room in
      var position = 0
      for node in 0..<nodeCount where !hasLoop.pointer[node] {
        room.sources[position] = UInt32(truncatingIfNeeded: node)
        room.destinations[position] = UInt32(truncatingIfNeeded: node)
        room.weights?[position] = 1
        position &+= 1
      }
    }
  }
}
