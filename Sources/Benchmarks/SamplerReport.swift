import Configuration
import Foundation
import Partitions

/// What `halo bench sampler` prints: seconds of an epoch's sampling, edges and rows per second, and the limit measured in the same run.
public struct SamplerReport: Codable, Sendable, CustomStringConvertible {
  /// The least time that reading one cache line at random for each sampled edge takes: edges · 64 B ÷ random lines.
  public struct Limit: Codable, Sendable {
    public var seconds: Double
    /// Bytes per second of single cache lines at random places of an array as large as the adjacency.
    public var randomLines: Rate
    /// Limit over measured seconds. Edges of one node share lines, so that it may be above 1.
    public var share: Double
  }

  public var graph: String
  public var parts: Int
  public var threads: Int
  public var sampler: String
  public var resample: String
  public var fanout: String
  public var batchSize: Int
  /// Epochs measured, after one to warm up.
  public var epochs: Int
  /// Wall seconds of an epoch's sampling.
  public var seconds: EpochReport.Spread
  public var sampledEdgesPerSecond: EpochReport.Spread
  /// Rows of all blocks per second.
  public var rowsPerSecond: EpochReport.Spread
  /// Of one epoch; median over the epochs.
  public var sampledEdges: Int
  public var inputRows: Int
  public var blockRows: Int
  public var limit: Limit

  init(_ request: SamplerBenchmark.Request, _ manifest: Manifest, epochs: [SampledEpoch], randomLines: Rate) {
    func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }
    (graph, parts, threads) = (manifest.name, manifest.partCount, request.threads.count)
    (sampler, resample) = (request.training.sampler.rawValue, request.training.resample.rawValue)
    (fanout, batchSize, self.epochs) = (request.training.fanout.description, request.training.batchSize, epochs.count)
    seconds = EpochReport.Spread(epochs.map(\.seconds))
    sampledEdgesPerSecond = EpochReport.Spread(epochs.map { Double($0.edges) / $0.seconds })
    rowsPerSecond = EpochReport.Spread(epochs.map { Double($0.blockRows) / $0.seconds })
    sampledEdges = median(epochs.map(\.edges))
    inputRows = median(epochs.map(\.inputRows))
    blockRows = median(epochs.map(\.blockRows))
    let least = 64 * Double(sampledEdges) / randomLines.highest
    limit = Limit(seconds: least, randomLines: randomLines, share: least / seconds.median)
  }

  public var description: String {
    func number(_ value: Double, _ digits: Int = 3) -> String { String(format: "%.\(digits)f", value) }
    func spread(_ values: EpochReport.Spread, per unit: Double = 1, _ digits: Int) -> String {
      let texts = [values.median, values.lowest, values.highest].map { number($0 / unit, digits) }
      return "\(texts[0]) (\(texts[1]) to \(texts[2]))"
    }
    return """
      \(graph): \(parts) parts, \(threads) threads, fan-out \(fanout), \(batchSize) seeds a step, \(sampler), anew every \(resample), \
      \(epochs) epochs
      epoch   \(spread(seconds, 3)) s
      edges   \(spread(sampledEdgesPerSecond, per: 1e6, 1)) M/s, \(sampledEdges) an epoch
      rows    \(spread(rowsPerSecond, per: 1e6, 1)) M/s, \(blockRows) an epoch, \(inputRows) of them input rows
      limit   \(number(limit.seconds)) s: a random cache line for each edge at \(number(limit.randomLines.highest / 1e9, 1)) GB/s; \
      \(number(100 * limit.share, 0)) % of it reached
      """
  }
}
