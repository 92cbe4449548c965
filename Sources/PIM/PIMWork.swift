/// What a tasklet did, counted as it did it; all modelled time of a kernel comes from these numbers.
public struct PIMWork: Hashable, Codable, Sendable {
  /// Turns of the loop over edges, and of loops like it: each fetches an index and starts a transfer.
  public var iterations = 0
  /// Elements multiplied and added.
  public var products = 0
  /// Elements added or compared.
  public var additions = 0
  /// Elements set or copied.
  public var moves = 0
  /// Instructions of kernels whose loops are listed one by one.
  public var instructions = 0
  /// Transfers from the bank, and their bytes.
  public var reads = 0
  public var readBytes = 0
  /// Transfers to the bank, and their bytes.
  public var writes = 0
  public var writeBytes = 0

  public init() {}

  public static func += (sum: inout PIMWork, work: PIMWork) {
    sum.iterations += work.iterations
    sum.products += work.products
    sum.additions += work.additions
    sum.moves += work.moves
    sum.instructions += work.instructions
    sum.reads += work.reads
    sum.readBytes += work.readBytes
    sum.writes += work.writes
    sum.writeBytes += work.writeBytes
  }

  /// What came since `earlier`.
  static func - (work: PIMWork, earlier: PIMWork) -> PIMWork {
    var difference = PIMWork()
    difference.iterations = work.iterations - earlier.iterations
    difference.products = work.products - earlier.products
    difference.additions = work.additions - earlier.additions
    difference.moves = work.moves - earlier.moves
    difference.instructions = work.instructions - earlier.instructions
    difference.reads = work.reads - earlier.reads
    difference.readBytes = work.readBytes - earlier.readBytes
    difference.writes = work.writes - earlier.writes
    difference.writeBytes = work.writeBytes - earlier.writeBytes
    return difference
  }

  /// Counts `count` rows of `bytes` bytes, each in transfers of at most `most` bytes.
  mutating func countReads(_ count: Int, ofRows bytes: Int, most: Int = PIMCore.longestTransfer) {
    reads += count * ((bytes + most - 1) / most)
    readBytes += count * bytes
  }

  mutating func countWrites(_ count: Int, ofRows bytes: Int, most: Int = PIMCore.longestTransfer) {
    writes += count * ((bytes + most - 1) / most)
    writeBytes += count * bytes
  }
}

/// What one tasklet did between two barriers.
public struct PIMTaskletWork: Hashable, Codable, Sendable {
  /// Everything.
  public var work = PIMWork()
  /// The part of it under the core's lock.
  public var locked = PIMWork()

  public init() {}
}
