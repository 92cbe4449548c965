public import Graphs
import Synchronization
import Tensors

/// Reads edges from arrays of whole numbers, `.npy` or `.npz`; `EdgeArrayFiles` says which.
///
/// 32-bit ids of one `.npy` file, one end after the other, stay in the file, mapped; others are copied once, 8 bytes an edge, to a temporary
/// file where the context limits memory.
public enum EdgeArrayReader {
  /// Reads the arrays at `path` as directed edges, in their order.
  ///
  /// - Parameter nodeCount: Number of nodes; without it, the largest id decides and every smaller one must occur.
  /// - Throws: `InputError` naming array and edge where something is not an id; `SystemError` when a file cannot be mapped.
  public static func read(
    _ path: String, nodeCount: Int? = nil, format: EdgeListFormat = EdgeListFormat(), context: IngestContext = IngestContext()
  ) throws -> RawGraph {
    try read(files: [path], place: path, nodeCount: nodeCount, format: format, context: context)
  }

  /// Reads several files as one list, one after the other.
  ///
  /// - Parameter place: What holds them, for its name and for errors of the whole.
  static func read(
    files: [String], place: String, nodeCount: Int?, format: EdgeListFormat, context: IngestContext
  ) throws -> RawGraph {
    let opener = EdgeArrayFiles(format: format, notice: context.notice)
    let arrays = try files.map(opener.open)
    switch format.ids {
    case .dense: return try readDense(arrays, place: place, nodeCount: nodeCount, context: context)
    case .compact: return try readNamed(arrays, place: place, nodeCount: nodeCount, format: format, context: context)
    }
  }

  private static func readDense(_ arrays: [EdgeArrays], place: String, nodeCount: Int?, context: IngestContext) throws -> RawGraph {
    try DenseIDs.check(nodeCount: nodeCount, ids: .dense)
    let limit = nodeCount.map { UInt32($0) } ?? UInt32.max
    let count = arrays.reduce(0) { $0 + $1.count }
    let (sources, largestSource) = try ids(arrays.map(\.sources), count: count, below: limit, context)
    let (destinations, largestDestination) = try ids(arrays.map(\.destinations), count: count, below: limit, context)
    let edges = EdgeList(sources: sources, destinations: destinations, weights: try weights(arrays, count: count))
    return try DenseIDs.graph(
      edges, largestID: max(largestSource, largestDestination), nodeCount: nodeCount, name: RawEdgeListReader.stem(of: place), place: place,
      threads: context.threads)
  }

  /// The ids of all arrays in 32 bits and the largest of them.
  private static func ids(
    _ arrays: [IDArray], count: Int, below limit: UInt32, _ context: IngestContext
  ) throws -> (ArrayView<UInt32>, UInt32) {
    var largest: UInt32 = 0
    if arrays.count == 1, let direct = arrays[0].direct {
      largest = try check(arrays[0], 0..<count, below: limit, copy: nil, threads: context.threads)
      return (direct, largest)
    }
    let isLimited = context.memory != nil
    let writer = isLimited ? try BufferWriter<UInt32>(atMost: count, storage: context.edgeStorage) : nil
    // All ids, or those of a window that goes to the file.
    let copy = Buffer<UInt32>(count: isLimited ? min(count, 1 << 20) : count)
    var start = 0
    for array in arrays {
      for first in stride(from: 0, to: array.count, by: max(1, isLimited ? copy.count : array.count)) {
        let range = first..<min(array.count, first + (isLimited ? copy.count : array.count))
        largest = max(largest, try check(array, range, below: limit, copy: copy.pointer + start, threads: context.threads))
        if let writer {
          try withExtendedLifetime(copy) {
            try writer.append([UnsafeBufferPointer(rebasing: copy.elements[..<range.count])], threads: Threads(1))
          }
        } else {
          start += range.count
        }
      }
    }
    return (try writer?.finish().view ?? copy.view, largest)
  }

  /// Looks at every id of a range of an array, copies it if asked to, and returns the largest.
  private static func check(
    _ array: IDArray, _ range: Range<Int>, below limit: UInt32, copy: UnsafeMutablePointer<UInt32>?, threads: Threads
  ) throws -> UInt32 {
    let largest = Atomic<UInt32>(0)
    let firstWrong = Atomic<Int>(Int.max)
    // Chunks write disjoint ranges.
    nonisolated(unsafe) let copy = copy
    let chunk = 1 << 16
    threads.forEachChunk(of: range.count, by: chunk) { part in
      let ids = range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
      let found =
        copy.map { array.copy(ids, below: limit, to: $0 + part.lowerBound) }
        ?? withUnsafeTemporaryAllocation(of: UInt32.self, capacity: chunk) { array.copy(ids, below: limit, to: $0.baseAddress!) }
      if let found { largest.max(found, ordering: .relaxed) } else { firstWrong.min(ids.lowerBound, ordering: .relaxed) }
    }
    let wrong = firstWrong.load(ordering: .relaxed)
    if wrong < Int.max, let error = array.wrong(wrong..<min(array.count, wrong + chunk), below: limit) { throw error }
    return largest.load(ordering: .relaxed)
  }

  private static func weights(_ arrays: [EdgeArrays], count: Int) throws -> ArrayView<Float>? {
    guard arrays.contains(where: { $0.weights != nil }) else { return nil }
    let all = Buffer<Float>(count: count)
    var start = 0
    for case let array? in arrays.map(\.weights) {
      let values = array.copyFloats()
      if let edge = values.elements.firstIndex(where: { !$0.isFinite }) {
        throw InputError(array.path, expected: "finite weights", found: "\(values[edge]) of edge \(edge)")
      }
      (all.pointer + start).update(from: values.pointer, count: values.count)
      start += values.count
    }
    return all.view
  }

  private static func readNamed(
    _ arrays: [EdgeArrays], place: String, nodeCount: Int?, format: EdgeListFormat, context: IngestContext
  ) throws -> RawGraph {
    let collector = try EdgeCollector(format, nodeCount: nodeCount, context: context)
    let window = 1 << 16
    let keys = Buffer<NodeKey>(count: 2 * window)
    let nothing = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    for array in arrays {
      for start in stride(from: 0, to: array.count, by: window) {
        let count = min(window, array.count - start)
        for edge in 0..<count {
          keys.pointer[2 &* edge] = array.sources.key(start &+ edge)
          keys.pointer[2 &* edge &+ 1] = array.destinations.key(start &+ edge)
        }
        try collector.append(
          keys: UnsafeBufferPointer(start: keys.pointer, count: 2 * count), longNames: nothing,
          longNameEnds: UnsafeBufferPointer(start: nil, count: 0))
      }
    }
    if let weights = try weights(arrays, count: arrays.reduce(0) { $0 + $1.count }) { try collector.append(weights: weights.elements) }
    return try collector.finish(name: RawEdgeListReader.stem(of: place), place: place)
  }
}
