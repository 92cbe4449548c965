import Graphs
import KVStore
import Sampling
import Tensors

/// Where the rows of a step come from: those of its input nodes, and those of its sampled edges from every table that is wanted.
///
/// Rows of edges come with those of the nodes, and are numbered, kept, counted and pulled in the same way.
struct StepStores {
  /// `nil`: there are none, or they are not asked for.
  let nodes: RowStore?
  let edges: [RowStore]

  /// - Precondition: The tables of `edges` are tables of edges.
  init(nodes: RowStore?, edges: [RowStore]) {
    precondition(edges.allSatisfy { $0.table.relation != nil }, "rows of edges from a table of nodes")
    self.nodes = nodes
    self.edges = edges
  }

  /// Finds out where the rows of a sampled step lie; steps in their order.
  func locate(_ step: StepBatches, threads: Threads) throws {
    try nodes?.locate(step.parts.map(\.inputIDs), in: step.arena, threads: threads)
    for (store, arena) in zip(edges, step.edgeArenas) { try store.locate(Self.edges(of: step, in: store), in: arena, threads: threads) }
  }

  /// Decides where the rows of the oldest located steps come from.
  ///
  /// - Parameter finished: Steps since the first whose rows nobody reads any more.
  func decide(_ steps: [StepBatches], finished: Int) {
    nodes?.decide(steps.map(\.arena), finished: finished)
    for (table, store) in edges.enumerated() { store.decide(steps.map { $0.edgeArenas[table] }, finished: finished) }
  }

  /// Brings the rows of the steps that were decided last here, of each table with the requests of all steps together.
  ///
  /// - Parameter number: Step of the run.
  func pull(_ steps: [StepBatches], number: Int) throws {
    try nodes?.pull(steps.map(\.arena), step: UInt32(number))
    for (table, store) in edges.enumerated() { try store.pull(steps.map { $0.edgeArenas[table] }, step: UInt32(number)) }
    for step in steps {
      if let nodes { for (batch, rows) in zip(step.parts, nodes.rows(of: step.arena)) { batch.rows = rows } }
      setEdgeRows(of: step)
    }
  }

  /// Both, for a step that is loaded when it is needed.
  ///
  /// - Precondition: No store has a cache.
  func resolve(_ step: StepBatches, number: UInt32, threads: Threads) throws {
    if let nodes {
      let rows = try nodes.resolve(step.parts.map(\.inputIDs), step: number, into: step.arena, threads: threads)
      for (batch, rows) in zip(step.parts, rows) { batch.rows = rows }
    }
    for (store, arena) in zip(edges, step.edgeArenas) {
      _ = try store.resolve(Self.edges(of: step, in: store), step: number, into: arena, threads: threads)
    }
    setEdgeRows(of: step)
  }

  /// Global ids of the edges of a store's relation: a list for every block, part by part.
  private static func edges(of step: StepBatches, in store: RowStore) -> [UnsafeBufferPointer<GlobalID>] {
    step.parts.flatMap { batch in
      batch.blocks.map { block in
        let ids = block.relations[store.table.slot].edges.readOnly
        // A global id is one Int64.
        return UnsafeBufferPointer(start: UnsafeRawPointer(ids.baseAddress)?.assumingMemoryBound(to: GlobalID.self), count: ids.count)
      }
    }
  }

  private func setEdgeRows(of step: StepBatches) {
    guard !edges.isEmpty else { return }
    let tables = zip(edges, step.edgeArenas).map { $0.rows(of: $1) }
    for (index, batch) in step.parts.enumerated() {
      batch.edgeRows = batch.blocks.indices.map { block in tables.map { $0[index * batch.blocks.count + block] } }
    }
  }
}

/// What they hold and have moved.
extension StepStores {
  private var all: [RowStore] { (nodes.map { [$0] } ?? []) + edges }

  /// Whether the bytes of a step's rows are known before they are pulled; only then may they be pulled while later steps are located.
  var sizesAreDecided: Bool { all.allSatisfy(\.sizesAreDecided) }

  /// Bytes that the rows of a located step will take, at most or about.
  func rowBytes(of step: StepBatches) -> Int {
    zip(edges, step.edgeArenas).reduce(nodes?.rowBytes(of: step.arena) ?? 0) { $0 + $1.0.rowBytes(of: $1.1) }
  }

  /// Bytes beside arenas and kept rows.
  var capacityBytes: Int { all.reduce(0) { $0 + $1.capacityBytes + $1.cacheBytes.other } }

  /// The same once some steps are fetched together, at most.
  func capacityBytes(fetching steps: [StepBatches]) -> Int {
    func bytes(_ store: RowStore, _ arena: (StepBatches) -> RowArena) -> Int {
      store.capacityBytes(fetching: steps.reduce(0) { $0 + arena($1).remoteCount }) + store.cacheBytes.other
    }
    return edges.enumerated().reduce(nodes.map { bytes($0, \.arena) } ?? 0) { sum, store in
      sum + bytes(store.element) { $0.edgeArenas[store.offset] }
    }
  }

  /// What was fetched of all edge tables together.
  var edgeTraffic: RowTraffic {
    guard let first = edges.first else { return RowTraffic() }
    return edges.dropFirst().reduce(first.traffic) { $0 + $1.traffic }
  }
}
