import KVStore

/// The batches of one step, one of each own part, and the memory of their rows; filled again for another step.
public final class StepBatches {
  public let parts: [PartBatch]
  let arena = RowArena()
  /// Number of the step over the run.
  var step = 0
  /// What loading the steps up to this one has taken and moved, those sampled ahead of it included.
  var totals = LoadingTotals()

  init(parts: [PartBatch]) { self.parts = parts }

  /// Bytes that the batches hold on to, without pulled rows.
  var capacityBytes: Int { parts.reduce(arena.capacityBytes) { $0 + $1.capacityBytes } }

  /// Gives up the memory of the pulled rows, once nobody reads them.
  func takeRows() -> RowMemory? {
    for batch in parts { batch.rows = nil }
    return arena.takeRows()
  }
}
