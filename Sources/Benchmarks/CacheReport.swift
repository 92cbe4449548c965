import Foundation
import KVStore
import Partitions

/// What `halo bench cache` prints: rows pulled by every policy and size, over all parts.
public struct CacheReport: Codable, Sendable, CustomStringConvertible {
  /// A policy, or what stands beside them.
  public enum Method: String, Codable, CaseIterable, Sendable {
    case none, halo, degree, vip
    /// The window, with the probabilities of the directory where it has any.
    case window
    /// The window, which counts uses though the directory has probabilities.
    case countingWindow = "window, counting"
    /// The fewest pulls of any cache that knows the whole run.
    case offline

    var policy: CachePolicy? {
      switch self {
      case .none: CachePolicy.none
      case .halo: .halo
      case .degree: .degree
      case .vip: .vip
      case .window, .countingWindow: .window
      case .offline: nil
      }
    }
  }

  /// One method with one size of the cache, summed over the parts.
  public struct Line: Codable, Sendable {
    public var method: Method
    /// Rows kept over the rows of a part, and in all parts.
    public var share: Double
    public var keptRows = 0
    /// Rows pulled in the first epoch, and in a later one on average.
    public var firstEpoch = 0
    public var laterEpoch = 0.0
    public var pulledRows = 0
    /// Time of the plan for each remote row, after the first epoch where there are more; 0 for the bound.
    public var nanosecondsPerRow = 0.0
    /// Slots beside `keptRows` that steps under way need, and bytes of the plan's tables: of the worst part.
    public var spareSlots = 0
    public var bookkeepingBytes = 0
  }

  public var graph: String
  public var parts: Int
  public var fanout: String
  public var batchSizePerPart: Int
  public var stepsPerEpoch: Int
  public var epochs: Int
  /// Steps announced beyond the one decided, and steps decided and not computed.
  public var window: Int
  public var depth: Int
  /// Remote rows of all steps and parts.
  public var remoteRows = 0
  public var lines: [Line] = []

  init(_ request: CacheBenchmark.Request, _ manifest: Manifest, stepsPerEpoch: Int) {
    (graph, parts, fanout) = (manifest.name, manifest.partCount, request.fanout)
    (batchSizePerPart, self.stepsPerEpoch, epochs) = (request.batchSizePerPart, stepsPerEpoch, request.epochs)
    (window, depth) = (request.window, request.depth)
  }

  /// Adds what one part did.
  mutating func add(_ run: PlannedRun, _ method: Method, share: Double, capacity: Int) {
    let index = lines.firstIndex { $0.method == method && $0.share == share } ?? lines.count
    if index == lines.count { lines.append(Line(method: method, share: share)) }
    let first = run.pulls.prefix(stepsPerEpoch).reduce(0, +)
    let all = run.pulls.reduce(0, +)
    if lines[0].method == method && lines[0].share == share { remoteRows += run.rows }
    lines[index].keptRows += capacity
    lines[index].firstEpoch += first
    lines[index].laterEpoch += Double(all - first) / Double(max(1, epochs - 1))
    lines[index].pulledRows += all
    // The mean over parts.
    lines[index].nanosecondsPerRow += run.nanosecondsPerRow / Double(parts)
    lines[index].spareSlots = max(lines[index].spareSlots, run.spare)
    lines[index].bookkeepingBytes = max(lines[index].bookkeepingBytes, run.bookkeepingBytes)
  }

  /// Rows pulled in an epoch over those of the bound: after the first, or in all where there is one epoch.
  public func ratio(of line: Line) -> Double {
    guard let bound = lines.first(where: { $0.method == .offline && $0.share == line.share }) else { return .nan }
    let (rows, fewest) = epochs > 1 ? (line.laterEpoch, bound.laterEpoch) : (Double(line.pulledRows), Double(bound.pulledRows))
    return fewest > 0 ? rows / fewest : rows > 0 ? .infinity : 1
  }

  public var description: String {
    var text = [
      "\(graph): \(parts) parts, each a worker; fan-out \(fanout), \(batchSizePerPart) seeds of each part and step, \(stepsPerEpoch) steps, "
        + "\(epochs) epochs",
      "\(remoteRows) remote rows; \(window) steps are announced ahead, \(depth) under way",
      "cache    method              rows/later epoch   of offline     rows in all   ns/row   spare slots   tables MB",
    ]
    for line in lines {
      text.append(
        String(
          format: "%5.0f %%  %@%16.0f%13.3f%16d%9.1f%14d%12.1f", 100 * line.share,
          line.method.rawValue.padding(toLength: 20, withPad: " ", startingAt: 0), line.laterEpoch, ratio(of: line), line.pulledRows,
          line.nanosecondsPerRow, line.spareSlots, Double(line.bookkeepingBytes) / 1e6))
    }
    return text.joined(separator: "\n")
  }
}
