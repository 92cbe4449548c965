import KVStore

/// The batches of one step, one of each own part, and the memory of their rows; filled again for another step.
public final class StepBatches {
  public let parts: [PartBatch]
  let arena = RowArena()
  /// One for each table of edges that is wanted.
  let edgeArenas: [RowArena]
  /// Number of the step over the run.
  var step = 0
  /// What loading the steps up to this one has taken and moved, those sampled ahead of it included.
  var totals = LoadingTotals()

  /// - Parameter edgeTables: Tables of edges that are wanted.
  init(parts: [PartBatch], edgeTables: Int) {
    self.parts = parts
    edgeArenas = (0..<edgeTables).map { _ in RowArena() }
  }

  private var arenas: [RowArena] { [arena] + edgeArenas }

  /// Bytes that the batches hold on to, without pulled rows.
  var capacityBytes: Int { arenas.reduce(parts.reduce(0) { $0 + $1.capacityBytes }) { $0 + $1.capacityBytes } }

  /// Bytes that pulled rows hold on to.
  var rowBytes: Int { arenas.reduce(0) { $0 + $1.rowBytes } }

  /// Gives up the memory of the pulled rows of every table, once nobody reads them; `nil` where there is none.
  func takeRows() -> [RowMemory?]? {
    for batch in parts {
      batch.rows = nil
      batch.edgeRows = []
    }
    let memory = arenas.map { $0.takeRows() }
    return memory.contains { $0 != nil } ? memory : nil
  }

  /// Takes what another step gave up for the rows to be pulled.
  func giveRows(_ memory: [RowMemory?]) {
    for (arena, memory) in zip(arenas, memory) { if let memory { arena.giveRows(memory) } }
  }
}
