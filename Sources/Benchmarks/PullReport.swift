import Foundation

/// What `halo bench pull` prints.
public struct PullReport: Codable, Sendable, CustomStringConvertible {
  public var tableRows: Int
  public var rowBytes: Int
  /// Rows of one pull.
  public var rows: Int
  public var serverThreads: Int
  public var ioThreads: Int
  public var connections: Int
  public var trials: Int
  /// Bytes of rows per second: through a store, by ZeroMQ with the same gathering and copying, by ZeroMQ with neither.
  public var store: Rate
  public var gather: Rate
  public var bare: Rate
  /// The latter two with the store's send buffers.
  public var tunedGather: Rate
  public var tunedBare: Rate
  /// The store's rate over the others', round by round: median, lowest, highest.
  public var shareOfGather: Rate
  public var shareOfBare: Rate
  public var shareOfTunedGather: Rate
  public var shareOfTunedBare: Rate

  init(_ request: PullBenchmark.Request, rowBytes: Int, rates: [[Double]]) {
    (tableRows, self.rowBytes, rows, trials) = (request.tableRows, rowBytes, request.rows, request.trials)
    (serverThreads, ioThreads, connections) = (request.serverThreads, request.ioThreads, request.connections)
    (store, gather, bare) = (Rate(trials: rates[0]), Rate(trials: rates[1]), Rate(trials: rates[2]))
    (tunedGather, tunedBare) = (Rate(trials: rates[3]), Rate(trials: rates[4]))
    let shares = rates.dropFirst().map { others in Rate(trials: zip(rates[0], others).map { $0 / $1 }) }
    (shareOfGather, shareOfBare, shareOfTunedGather, shareOfTunedBare) = (shares[0], shares[1], shares[2], shares[3])
  }

  public var description: String {
    func line(_ name: String, _ rate: Rate) -> String {
      String(
        format: "%@%7.2f GB/s (%.2f to %.2f), %.2f M rows/s", name.padding(toLength: 34, withPad: " ", startingAt: 0), rate.median / 1e9,
        rate.lowest / 1e9, rate.highest / 1e9, rate.median / Double(rowBytes) / 1e6)
    }
    func share(_ rate: Rate) -> String {
      String(format: "%.0f %% (%.0f to %.0f)", 100 * rate.median, 100 * rate.lowest, 100 * rate.highest)
    }
    return """
      \(rows) random rows of \(rowBytes) bytes a pull, of \(tableRows); tcp over loopback, \(serverThreads) server threads, \
      \(ioThreads) I/O threads, \(connections) connections, \(trials) rounds; rows are right
      \(line("store", store))
      \(line("ZeroMQ, same gather and copy", gather))
      \(line("ZeroMQ alone", bare))
      with the store's send buffers:
      \(line("ZeroMQ, same gather and copy", tunedGather))
      \(line("ZeroMQ alone", tunedBare))
      the store reaches \(share(shareOfGather)) of ZeroMQ with gather and copy, \(share(shareOfBare)) of ZeroMQ alone; \
      with its send buffers \(share(shareOfTunedGather)) and \(share(shareOfTunedBare))
      """
  }
}
