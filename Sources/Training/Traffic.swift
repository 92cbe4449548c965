import Collectives
import KVStore
import Loading

/// What training steps computed, read and moved.
public struct Traffic: Codable, Sendable, Equatable {
  /// Sizes of one layer's blocks, added up over steps and parts.
  public struct Layer: Codable, Sendable, Equatable {
    public var destinations = 0
    /// Rows that the layer reads, with repetitions over parts.
    public var sources = 0
    /// Sampled edges.
    public var edges = 0

    public init() {}

    init(destinations: Int, sources: Int, edges: Int) {
      self.destinations = destinations
      self.sources = sources
      self.edges = edges
    }
  }

  public var seeds = 0
  /// Input hop first.
  public var layers: [Layer] = []
  /// Rows of input nodes and of edges pulled from other workers, repetitions removed, and their bytes.
  public var remoteRows = 0
  public var remoteRowBytes = 0
  /// Nodes whose sampling was asked of other workers.
  public var remoteNodes = 0
  /// Bytes that the key-value store's client sent and received: frames, requests and replies of rows and samples.
  public var storeBytesSent = 0
  public var storeBytesReceived = 0
  /// Bytes of gradients and weights sent to other workers.
  public var reduceBytesSent = 0

  public init() {}

  /// Sampled edges of all layers.
  public var sampledEdges: Int { layers.reduce(0) { $0 + $1.edges } }

  static func + (a: Traffic, b: Traffic) -> Traffic { combine(a, b, +) }
  static func - (a: Traffic, b: Traffic) -> Traffic { combine(a, b, -) }

  private static func combine(_ a: Traffic, _ b: Traffic, _ apply: (Int, Int) -> Int) -> Traffic {
    var result = a
    let fields: [WritableKeyPath<Traffic, Int>] = [
      \.seeds, \.remoteRows, \.remoteRowBytes, \.remoteNodes, \.storeBytesSent, \.storeBytesReceived, \.reduceBytesSent,
    ]
    for field in fields { result[keyPath: field] = apply(a[keyPath: field], b[keyPath: field]) }
    result.layers = (0..<max(a.layers.count, b.layers.count)).map { index in
      let (left, right) = (a.layer(index), b.layer(index))
      return Layer(
        destinations: apply(left.destinations, right.destinations), sources: apply(left.sources, right.sources),
        edges: apply(left.edges, right.edges))
    }
    return result
  }

  private func layer(_ index: Int) -> Layer { index < layers.count ? layers[index] : Layer() }
}

extension Traffic {
  /// Adds what one part computed in one step of a model of `count` layers; a first layer without a block read one row for each node.
  mutating func add(_ batch: PartBatch, layers count: Int) {
    seeds += batch.seeds.count
    if layers.isEmpty { layers = (0..<count).map { _ in Layer() } }
    let lowest = count - batch.blocks.count
    if lowest > 0 {
      layers[0].destinations += batch.inputIDs.count
      layers[0].sources += batch.inputIDs.count
    }
    for (index, block) in zip(lowest..., batch.blocks) {
      layers[index].destinations += block.destinationCount
      layers[index].sources += block.sourceCount
      layers[index].edges += block.edgeCount
    }
  }
}

/// Reads the counters of all that moves bytes for a worker.
struct TrafficMeter {
  let loader: StepLoader
  let reducer: GradientReducer
  /// `nil`: no rows are learned.
  let learned: LearnedColumns?

  /// Bytes of rows that were copied before the model has read them.
  var rowBytesCopied: Int {
    let loaded = loader.totals
    return loaded.rows.bytesCopied + loaded.edgeRows.bytesCopied + (learned?.input.traffic.bytesCopied ?? 0)
  }

  /// Totals so far.
  var reading: Traffic {
    let loaded = loader.totals
    var traffic = Traffic()
    traffic.remoteNodes = loaded.remoteNodes
    for rows in [loaded.rows, loaded.edgeRows, learned?.input.traffic] {
      traffic.remoteRows += rows?.rowsPulled ?? 0
      traffic.remoteRowBytes += rows?.bytesPulled ?? 0
    }
    for peers in [loaded.peers, learned?.client?.traffic] {
      for peer in peers?.values ?? [:].values {
        traffic.storeBytesSent += peer.bytesSent
        traffic.storeBytesReceived += peer.bytesReceived
      }
    }
    traffic.reduceBytesSent = reducer.traffic.gradientBytesSent + reducer.traffic.weightBytesSent
    return traffic
  }
}
