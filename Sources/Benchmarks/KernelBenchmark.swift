public import KVStore
import Kernels
import Sampling
public import Tensors

/// Measures the kernels on batches that training would sample and on whole neighbourhoods, each beside what memory gives for the same
/// rows in the same order. Every result is compared with a reference before it is timed.
public enum KernelBenchmark {
  public enum Kernel: String, Codable, CaseIterable, Sendable {
    /// Mean of sampled neighbours, rows read in place.
    case fused
    /// Input rows copied to a matrix, and the mean of that: what `fused` saves.
    case gather
    /// Mean over all in-neighbours of every node.
    case fullGraph = "full-graph"
    /// Backward pass of the mean: gradients gathered along the edges by source.
    case transposed
    /// GAT with 4 heads of 64 columns, forward and backward.
    case attention
    /// Dense products of a layer, forward and its gradients.
    case products
  }

  public struct Request: Sendable {
    /// The partition directory.
    public var partitions: String
    /// In-edges taken by layer (input hop first) and relation.
    public var limits: [[Int]]
    public var batchSize = 1000
    /// Batches of a pass.
    public var batches = 4
    public var seed: UInt64 = 0
    public var kernels = Kernel.allCases
    public var widths = [64, 100, 128, 256]
    /// Those of `widths` at which whole neighbourhoods are measured, which takes longest; `nil`: all.
    public var fullGraphWidths: [Int]?
    public var threads = [1, 2]
    public var elementType = ElementType.float32
    public var placement = FeaturePlacement.mapped
    public var trials = 7
    /// Columns that dense products give.
    public var hidden = 256

    public init(partitions: String, limits: [[Int]]) {
      self.partitions = partitions
      self.limits = limits
    }
  }

  /// - Throws: `InputError` when the partition is not fit or no kernel reads such rows; `WrongResult` when a kernel's output is not the
  ///   reference's.
  public static func run(_ request: Request, report: (String) -> Void) throws -> KernelReport {
    let most = Threads(request.threads.max() ?? 1)
    let source = try SampledBatches(request.partitions, batchSize: request.batchSize, seed: request.seed)
    var results: [KernelResult] = []
    for width in request.widths {
      let table = try table(width, request, source, most)
      let hops = try hops(of: request, source, table, most)
      for kernel in request.kernels {
        report("\(kernel.rawValue), \(width) columns")
        switch kernel {
        case .fused: results += try FusedKernels(hops: hops.first, table: table).measure(request)
        case .gather: results += try GatherKernels(hops: hops.first, table: table).measure(request)
        case .fullGraph where request.fullGraphWidths?.contains(width) ?? true:
          results += try FullGraphKernels(source, table: table, most).measure(request)
        case .transposed: results += try TransposedKernels(hops: hops.second, columns: width).measure(request)
        case .attention where width == request.widths[0]: results += try AttentionKernels(hops: hops.first).measure(request)
        case .products: results += ProductKernels(hops: hops.first, columns: width).measure(request)
        case .attention, .fullGraph: break
        }
      }
    }
    return KernelReport(
      graph: source.manifest.name, nodes: source.manifest.nodeCount, edges: source.manifest.edgeCount, batches: request.batches,
      trials: request.trials, placement: request.placement.rawValue, instructions: "\(InstructionSet.detected)", results: results)
  }

  /// Runs the fused kernel once over one batch of the first width, for a simulator of caches to watch; returns the row bytes it needs.
  public static func runOnce(_ request: Request) throws -> Int {
    let threads = Threads(request.threads[0])
    let source = try SampledBatches(request.partitions, batchSize: request.batchSize, seed: request.seed)
    let table = try table(request.widths[0], request, source, threads)
    let hops = try hops(of: request, source, table, threads).first
    let kernels = FusedKernels(hops: hops, table: table)
    kernels.run(threads)
    return kernels.bytes
  }

  private static func table(
    _ width: Int, _ request: Request, _ source: SampledBatches, _ threads: Threads
  ) throws -> BenchTable {
    try BenchTable(
      rows: source.tableRows, columns: width, elementType: request.elementType, placement: request.placement, threads: threads)
  }

  /// The edges of the batches' first layer and, for what follows it, of the second, or of the first where there is only one.
  private static func hops(
    of request: Request, _ source: SampledBatches, _ table: BenchTable, _ threads: Threads
  ) throws -> (first: [SampledHop], second: [SampledHop]) {
    var hops: (first: [SampledHop], second: [SampledHop]) = ([], [])
    let second = min(1, request.limits.count - 1)
    try source.forEach(request.batches, limits: request.limits, table: table, threads: threads) { batches in
      hops.first += SampledHop.hops(batches, layer: 0, table: table)
      hops.second += SampledHop.hops(batches, layer: second, table: nil)
    }
    return hops
  }
}

/// A kernel whose output is not the reference's.
public struct WrongResult: Error, CustomStringConvertible, Sendable {
  let kernel: String
  let place: String
  let expected: Double
  let found: Double

  public var description: String { "\(kernel), \(place): expected \(expected), found \(found): nothing was timed" }

  /// Compares rows of a result with those of a reference.
  ///
  /// - Parameter tolerance: Largest difference.
  static func check(
    _ kernel: String, row: Int, _ found: UnsafePointer<Float>, _ expected: [Double], tolerance: Double
  ) throws {
    for (column, value) in expected.enumerated() where !(abs(Double(found[column]) - value) <= tolerance) {
      throw WrongResult(kernel: kernel, place: "row \(row), column \(column)", expected: value, found: Double(found[column]))
    }
  }
}
