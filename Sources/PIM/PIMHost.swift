/// Rates between a host and its banks, and of the host's own part, as tables.
public struct PIMHost: Hashable, Codable, Sendable {
  /// A rate at a size.
  public struct Point: Hashable, Codable, Sendable {
    /// Bytes for each core, or columns of a row.
    public var size: Int
    /// Per second.
    public var rate: Double

    public init(_ size: Int, _ rate: Double) {
      self.size = size
      self.rate = rate
    }
  }

  /// Bytes per second that one rank takes when every core gets its own.
  public var writePerRank: Double
  /// Bytes per second, counted at the cores, that one rank takes when all cores get the same.
  public var broadcastPerRank: Double
  /// Most bytes per second that all ranks take.
  public var writeLimit: Double
  /// Bytes per second that one rank gives.
  public var readPerRank: Double
  /// Most bytes per second that all ranks give, by bytes for each core.
  public var readLimit: [Point]
  /// Bytes per second of the host's memory: no distinct bytes leave it faster.
  public var memoryBandwidth: Double
  /// Rows per second that the host copies to their places, by int32 columns of a row.
  public var copyRows: [Point]
  /// Rows per second that it adds to rows already there.
  public var addRows: [Point]

  /// Bytes per second to cores that get different bytes.
  package func writeRate(ranks: Int) -> Double { min(min(writeLimit, memoryBandwidth), writePerRank * Double(ranks)) }

  /// Bytes per second, counted at the cores, where those of a cluster get the same bytes.
  package func broadcastRate(ranks: Int) -> Double { min(writeLimit, broadcastPerRank * Double(ranks)) }

  /// Bytes per second from cores that give `bytesPerCore` each: the nearest size of the table, as PyGim's tuner looks it up.
  package func readRate(ranks: Int, bytesPerCore: Double) -> Double {
    let nearest = readLimit.min { abs(Double($0.size) - bytesPerCore) < abs(Double($1.size) - bytesPerCore) }
    return min(nearest?.rate ?? .infinity, readPerRank * Double(ranks))
  }

  /// Seconds to copy one row of `columns` 4-byte elements.
  package func copySeconds(columns: Int) -> Double { Self.seconds(copyRows, columns) }

  /// Seconds to add one row of `columns` 4-byte elements.
  package func addSeconds(columns: Int) -> Double { Self.seconds(addRows, columns) }

  /// Time of a row, linear between the points of a table and beyond its end; below its beginning that of the first point.
  private static func seconds(_ table: [Point], _ columns: Int) -> Double {
    guard let first = table.first else { return 0 }
    if columns <= first.size || table.count == 1 { return 1 / first.rate }
    let upper = table.firstIndex { $0.size >= columns } ?? table.count - 1
    let (low, high) = (table[max(0, upper - 1)], table[upper])
    let slope = (1 / high.rate - 1 / low.rate) / Double(high.size - low.size)
    return 1 / low.rate + slope * Double(columns - low.size)
  }
}
