import Foundation
public import Kernels
import Synchronization
import Telemetry
public import Tensors

/// A simulated machine behind `Aggregator`: finds a strategy for every layer that it meets, runs it byte for byte, and adds up what its
/// phases are modelled to take.
///
/// The strategy is the tuner's for the layer's edges and width, add-only: factors of rows and means are the host's. It, the scale of quantised
/// rows and hence every bit are functions of edges and rows alone. The edges of a layer stay in the banks from its first pass on, as long as
/// all that stay there fit beside rows and sums; what does not fit is loaded again in every pass.
public final class PIMMachine: Aggregator {
  public let topology: PIMTopology
  public let elementType: PIMElementType
  public let identity: String
  private let state: Mutex<State>

  fileprivate struct State {
    var report: PIMReport
    var strategies: [PIMLayerKey: PIMStrategy] = [:]
    /// Layers whose edges are in the banks, and the bytes of the fullest bank with all of them.
    var loaded: Set<PIMLayerKey> = []
    var loadedBytes = 0
    var fault: (any Error)?
  }

  public init(_ topology: PIMTopology, _ elementType: PIMElementType) throws {
    self.topology = topology
    self.elementType = elementType
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let digest = try encoder.encode(topology).withUnsafeBytes { Checksum.of($0) }
    identity = "pim:\(topology.name) \(elementType.rawValue), machine \(digest)"
    state = Mutex(State(report: PIMReport(machine: topology.name, elementType: elementType)))
  }

  public var takesWholeLayers: Bool { true }

  /// What all passes so far are modelled to take, and what simulating them took here.
  public var report: PIMReport { state.withLock { $0.report } }

  public func gather(
    _ rows: RowSource, along edges: Neighborhood, _ reduction: Aggregation.Reduction, into memory: GrowingBuffer<Float>, threads: Threads
  ) -> Gathered {
    precondition(edges.weights == nil, "edges without weights")
    memory.reset(to: edges.destinationCount * rows.columns)
    let out = MatrixView(base: memory.pointer, rows: edges.destinationCount, columns: rows.columns, stride: rows.columns)
    let begin = MonotonicClock.now()
    do {
      try aggregate(rows, edges, reduction, into: out, threads)
    } catch {
      out.clear()
      state.withLock { if $0.fault == nil { $0.fault = error } }
    }
    state.withLock { $0.report.simulationSeconds += Double(MonotonicClock.now() - begin) * 1e-9 }
    return Gathered(out)
  }

  public func check() throws {
    let fault = state.withLock { state in
      defer { state.fault = nil }
      return state.fault
    }
    if let fault { throw fault }
  }

  private func aggregate(
    _ rows: RowSource, _ edges: Neighborhood, _ reduction: Aggregation.Reduction, into out: MatrixView, _ threads: Threads
  ) throws {
    let key = PIMLayerKey(edges, sourceCount: rows.count, columns: rows.columns)
    guard key.edgeCount > 0 else { return out.clear() }
    let tilings = SourceTilings(edges, sourceCount: rows.count)
    let x = Matrix(rows: rows.count, columns: rows.columns)
    threads.forEachChunk(of: rows.count, by: Tiles.height) { range in
      Gather.copy(from: range.lowerBound, of: rows, scales: edges.scales, into: x.view.rows(range))
    }
    let aggregator = PIMAggregator(try PIMAggregation(topology, try strategy(key, tilings)), tilings, threads: threads)
    let times = try withExtendedLifetime(x) { try aggregator.aggregate(x.view, reduction == .mean ? .mean : .sum, into: out) }
    state.withLock { $0.add(times, of: key, topology) }
  }

  private func strategy(_ key: PIMLayerKey, _ tilings: SourceTilings) throws -> PIMStrategy {
    if let known = state.withLock({ $0.strategies[key] }) { return known }
    var tuner = PIMTuner(topology)
    tuner.elementTypes = [elementType]
    tuner.addOnly = [true]
    tuner.clustersPerRank = [1, 2]
    tuner.streamBytes = [32, 256]
    guard let best = tuner.best(PIMDegrees(tilings), columns: key.columns) else {
      throw InputError(
        "--aggregate pim:\(topology.name)", expected: "a layer of which some strategy fits the banks",
        found: "\(key.edgeCount) edges from \(key.sourceCount) to \(tilings.edges.destinationCount) nodes, \(key.columns) columns")
    }
    state.withLock { $0.strategies[key] = best.strategy }
    return best.strategy
  }
}

extension PIMMachine.State {
  /// Adds a pass; its edges are loaded unless they are there.
  fileprivate mutating func add(_ times: PIMTimes, of key: PIMLayerKey, _ topology: PIMTopology) {
    var times = times
    if loaded.contains(key) {
      (times.load, times.loadBytes) = (0, 0)
    } else if loadedBytes + times.bankBytes <= topology.bankBytes {
      loaded.insert(key)
      loadedBytes += times.bankBytes
    }
    report.modelled = report.modelled + times
    report.passes += 1
  }
}

/// The edges of a layer and its width: what a strategy is found for. Layers of equal content are one.
struct PIMLayerKey: Hashable, Sendable {
  let sourceCount: Int
  let columns: Int
  let edgeCount: Int
  private let checksums: [UInt64]

  init(_ edges: Neighborhood, sourceCount: Int, columns: Int) {
    self.sourceCount = sourceCount
    self.columns = columns
    let count = edges.destinationCount
    edgeCount = (0..<count).reduce(0) { $0 + Int(edges.end[$1] - edges.begin[$1]) }
    let read = count == 0 ? 0 : Int(edges.end[count - 1])
    checksums = [(edges.begin, count), (edges.end, count), (edges.sources, read)].flatMap { array, count in
      let words = Checksum.words(of: UnsafeRawBufferPointer(UnsafeBufferPointer(start: array, count: count)))
      return [words.low, words.high]
    }
  }
}
