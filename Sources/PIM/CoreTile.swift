/// What a core holds of an aggregation, and where in its bank.
///
/// ```
/// sums (rows) │ source rows │ row offsets or destinations │ sources │ factors
/// ```
/// The streams are padded to whole blocks; rows of both kinds to 8 bytes.
struct CoreTile {
  let rows: Int
  let edges: Int
  let sources: Int
  /// Columns of a row.
  let width: Int
  let strategy: PIMStrategy
  let operation: PIMOperation

  /// Bytes of a source row.
  var inputRowBytes: Int { Self.padded(width * strategy.elementType.bytes) }
  /// Bytes of a row of sums.
  var sumRowBytes: Int { Self.padded(width * PIMElementType.sumBytes) }
  var isWeighted: Bool { operation == .multiplyAdd }

  var sumBytes: Int { rows * sumRowBytes }
  var inputBytes: Int { sources * inputRowBytes }
  /// Row offsets or destinations.
  var indexBytes: Int { stream(strategy.format == .csr ? rows + 1 : edges, of: 4) }
  var sourceBytes: Int { stream(edges, of: 4) }
  var weightBytes: Int { isWeighted ? stream(edges, of: strategy.elementType.bytes) : 0 }
  /// What is loaded once for a graph.
  var loadBytes: Int { indexBytes + sourceBytes + weightBytes }
  var bankBytes: Int { sumBytes + inputBytes + loadBytes }

  /// Bytes of the scratchpad that all tasklets of a core take.
  var scratchpadBytes: Int {
    let streams = (isWeighted ? 3 : 2) * strategy.streamBytes
    let rows =
      switch strategy.taskletSplit {
      case .rows, .nonZeros: sumRowBytes
      case .exactLocked: 2 * sumRowBytes
      case .exactLockFree: 3 * sumRowBytes
      }
    let shared = strategy.format == .coo ? fillBytes : 0
    return strategy.tasklets * (streams + rows + inputChunkBytes) + shared
  }

  /// Bytes in which a source row is read.
  var inputChunkBytes: Int { min(inputRowBytes, PIMCore.longestTransfer) }
  /// Bytes in which sums are set before edges are added to them.
  var fillBytes: Int { min(PIMCore.longestTransfer, max(8, sumBytes)) }

  private static func padded(_ bytes: Int) -> Int { (bytes + 7) & ~7 }

  private func stream(_ count: Int, of size: Int) -> Int {
    (count * size + strategy.streamBytes - 1) / strategy.streamBytes * strategy.streamBytes
  }
}
