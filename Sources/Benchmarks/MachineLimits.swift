public import Tensors

/// What to measure so that the limits fit a workload.
public struct LimitPlan: Equatable, Sendable {
  /// Bytes of a feature row, and the distance between rows.
  public var rowBytes: Int
  public var strideBytes: Int
  /// Size of the feature table.
  public var tableBytes: Int
  /// Size of the arrays that sampling reads at random, one line at a time.
  public var adjacencyBytes: Int
  /// Size of the arrays for sequential reading and copying.
  public var streamBytes: Int
  /// Size of the arrays that the optimiser goes through.
  public var stateBytes: Int
  public var products: [ProductShape]
  /// Timed runs of each measurement, after one to warm up.
  public var trials: Int

  public init(
    rowBytes: Int, strideBytes: Int, tableBytes: Int, adjacencyBytes: Int, streamBytes: Int = 256 << 20, stateBytes: Int = 1 << 20,
    products: [ProductShape] = [], trials: Int = 5
  ) {
    self.rowBytes = rowBytes
    self.strideBytes = strideBytes
    self.tableBytes = tableBytes
    self.adjacencyBytes = adjacencyBytes
    self.streamBytes = streamBytes
    self.stateBytes = stateBytes
    self.products = products
    self.trials = trials
  }
}

/// What this machine can do at best with some number of threads, measured beside the work that is compared with it.
public struct MachineLimits: Codable, Equatable, Sendable {
  /// A product and its rate.
  public struct Product: Codable, Equatable, Sendable {
    public var shape: ProductShape
    /// Floating-point operations per second.
    public var rate: Rate
  }

  /// Rows of a kind and how fast they are read.
  public struct Reads: Codable, Equatable, Sendable {
    public var reads: EpochWork.Reads
    /// Bytes per second.
    public var rate: Rate
  }

  public var threads: Int
  /// Bytes per second, sequential.
  public var streamRead: Rate
  /// Bytes per second read and written, sequential.
  public var streamCopy: Rate
  /// The same of arrays of the size of the optimiser's state, which may stay in a cache.
  public var stateCopy: Rate
  /// Bytes per second of whole feature rows at even random places of huge pages.
  public var randomRows: Rate
  /// Bytes per second of single cache lines at random places.
  public var randomLines: Rate
  public var products: [Product]
  /// What batches read, on their pages and in the kernels' order.
  public var reads: [Reads] = []

  /// Measures everything in `plan`; takes the time of (trials + 1) passes over its arrays.
  public static func measure(_ plan: LimitPlan, threads: Threads) -> MachineLimits {
    let reads = { (bytes: Int, rowBytes: Int) in max(1024, min(bytes, 512 << 20) / max(1, rowBytes)) }
    return MachineLimits(
      threads: threads.count,
      streamRead: MemoryLimits.streamRead(bytes: plan.streamBytes, threads: threads, trials: plan.trials),
      streamCopy: MemoryLimits.streamCopy(bytes: plan.streamBytes, threads: threads, trials: plan.trials),
      stateCopy: MemoryLimits.streamCopy(bytes: plan.stateBytes, threads: threads, trials: plan.trials),
      randomRows: MemoryLimits.randomRows(
        rowBytes: plan.rowBytes, strideBytes: plan.strideBytes, tableBytes: plan.tableBytes, reads: reads(plan.tableBytes, plan.rowBytes),
        threads: threads, trials: plan.trials),
      randomLines: MemoryLimits.randomRows(
        rowBytes: MemoryLimits.line, strideBytes: MemoryLimits.line, tableBytes: plan.adjacencyBytes,
        reads: reads(plan.adjacencyBytes, MemoryLimits.line), threads: threads, trials: plan.trials),
      products: plan.products.map { Product(shape: $0, rate: ProductLimits.rate($0, threads: threads, trials: plan.trials)) })
  }
}
