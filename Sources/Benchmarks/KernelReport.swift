import Foundation
import Kernels
public import Tensors

/// One kernel at one width and number of threads.
public struct KernelResult: Codable, Sendable {
  public var kernel: KernelBenchmark.Kernel
  /// Which form of it.
  public var form: String
  /// Columns of a row, or what a product's shape says.
  public var columns: Int
  public var elementType: ElementType
  public var threads: Int
  /// Work of one pass: bytes of rows that it needs, or operations of a product.
  public var work: Double
  /// Seconds of one pass.
  public var seconds: EpochReport.Spread
  /// Work per second.
  public var rate: Rate
  /// The same rows read in the same order by a loop that does nothing else, in turn with the kernel; `nil` without such a loop.
  public var limit: Rate?
  /// Rate over the limit's: of the medians, or for the mean in place the median of the rounds' ratios.
  public var share: Double?
  /// Row bytes that move between memory and registers for every byte needed: counted by the loop's form, whole cache lines beside it.
  public var bytesPerByte: Double?
  public var lineBytesPerByte: Double?

  init(
    _ kernel: KernelBenchmark.Kernel, _ form: String, columns: Int, elementType: ElementType = .float32, threads: Threads, work: Double,
    rate: Rate, limit: Rate? = nil, share: Double? = nil, bytesPerByte: Double? = nil, lineBytesPerByte: Double? = nil
  ) {
    self.kernel = kernel
    self.form = form
    self.columns = columns
    self.elementType = elementType
    self.threads = threads.count
    self.work = work
    self.rate = rate
    self.limit = limit
    self.bytesPerByte = bytesPerByte
    self.lineBytesPerByte = lineBytesPerByte
    seconds = EpochReport.Spread([work / rate.highest, work / rate.median, work / rate.lowest])
    self.share = share ?? limit.map { rate.median / $0.median }
  }
}

/// What `halo bench kernels` prints.
public struct KernelReport: Codable, Sendable, CustomStringConvertible {
  public var graph: String
  public var nodes: Int
  public var edges: Int
  public var batches: Int
  public var trials: Int
  public var placement: String
  public var instructions: String
  public var results: [KernelResult]

  public var description: String {
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
    func left(_ text: String, _ width: Int) -> String { text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0) }
    var lines = [
      "\(graph): \(nodes) nodes, \(edges) edges; \(batches) batches, \(trials) trials, rows \(placement), \(instructions)",
      left("kernel", 34) + "columns  type      threads   seconds (range)            G/s   limit G/s   share",
    ]
    for result in results {
      let range = "\(number(result.seconds.median, 4)) (\(number(result.seconds.lowest, 4))-\(number(result.seconds.highest, 4)))"
      lines.append(
        left("\(result.kernel.rawValue), \(result.form)", 34) + pad("\(result.columns)", 7) + "  " + left(result.elementType.rawValue, 10)
          + pad("\(result.threads)", 7) + "   " + left(range, 24) + pad(number(result.rate.median / 1e9, 2), 7)
          + pad(result.limit.map { number($0.median / 1e9, 2) } ?? "", 12)
          + pad(result.share.map { number(100 * $0, 1) + " %" } ?? "", 9))
    }
    return lines.joined(separator: "\n")
  }
}
