import Graphs
import Partitions
import Tensors

extension PartitionMemory {
  /// The sizes on which memory depends, and what each step takes: the table of `PartitionMemory`.
  struct Counts: Sendable {
    let nodes: Int
    let edges: Int
    /// Entries of the rows of neighbours.
    private let entries: Int
    private let parts: Int
    private let constraints: Int
    private let hasWeights: Bool
    /// Hash tables of all threads.
    private let tables: Int
    private let haloNodes: Int
    /// Entries of all splits.
    private let splitNodes: Int
    /// Whether single nodes are moved.
    private let moves: Bool
    private let method: PartitionMethod
    var isStreaming: Bool { method == .streaming }
    private let reads: Reads
    /// What there is whatever is done: the program, blocks of files that are written, tables of pages, and the graph.
    private let base: Int

    init(_ graph: RawGraph, _ options: PartitionOptions, threads: Threads) throws {
      let targets = try options.targets(for: graph)
      nodes = graph.nodes.reduce(0) { $0 + $1.count }
      edges = graph.edges.reduce(0) { $0 + $1.count }
      parts = options.partCount
      constraints = targets.count
      hasWeights = targets.contains { if case .weight = $0.constraint { true } else { false } }
      method = options.method
      reads = Reads(graph, options, threads: threads)
      moves = options.effort != .fast
      splitNodes = graph.nodes.flatMap(\.splits).reduce(0) { $0 + $1.train.count + $1.validation.count + $1.test.count }
      let neighbours = graph.neighbourCounts(threads: threads)
      let (sum, largest) = withExtendedLifetime(neighbours) {
        neighbours.elements.reduce((0, 0)) { ($0.0 + Int($1), max($0.1, Int($1))) }
      }
      entries = sum
      // A cluster holds at most one of 400 equal shares of the edges, where these are balanced, or a single node.
      let isBalanced = targets.contains { $0.constraint == .edges }
      tables = 84 * threads.count * min(nodes, isBalanced ? largest + entries / 400 : nodes)
      haloNodes = Int(RandomHalo.expectedNodes(neighbours, partCount: options.partCount))
      base = 32 << 20 + threads.count * 12 << 20 + edges / 16 + Self.heldBytes(of: graph) + 4 * splitNodes
    }

    /// Bytes of the arrays of a graph that are no pages of files.
    private static func heldBytes(of graph: RawGraph) -> Int {
      func held<T: BitwiseCopyable>(_ array: ArrayView<T>?) -> Int {
        array.map { $0.isMapped ? 0 : $0.count * MemoryLayout<T>.stride } ?? 0
      }
      func held(_ tables: [String: FeatureTable]) -> Int {
        tables.values.reduce(0) { sum, table in
          switch table {
          case .dense(let rows): sum + held(rows.bytes)
          case .sparse(let rows): sum + held(rows.indptr) + held(rows.indices) + held(rows.values)
          }
        }
      }
      let edges = graph.edges.reduce(0) { $0 + held($1.sources) + held($1.destinations) + held($1.weights) + held($1.tables) }
      return graph.nodes.reduce(edges) { $0 + held($1.labels) + held($1.tables) }
    }

    /// Whether neighbours are repeated rather than weighted.
    private var repeats: Bool { entries >= Adjacency.manyEntries && !reads.weighsEdges }

    /// Bytes of the rows of neighbours, those aside that hold what is read over the edges.
    var rows: Int { (repeats || reads.weighsEdges ? 4 : 8) * entries }

    /// Bytes at most that merging them takes for a while, the rows included.
    var merging: Int { (repeats ? 8 : 12) * entries }

    /// What is read over the edges: always in memory.
    private var weighed: Int { reads.weighsEdges ? 4 * entries : 0 }

    /// Bytes while edges are weighed, by a graph whose rows are made in memory or not.
    private func weighing(merging: Int) -> Int {
      guard reads.weighsEdges else { return 0 }
      let (peak, kept) = reads.weighing
      return 12 * nodes + max(max(0, merging - weighed) + peak, max(merging, weighed) + kept)
    }

    /// The same of rows that keep repeated neighbours.
    var repeatedRows: Int { 4 * entries }

    /// Bytes while rows are made, pieces of them aside.
    var making: Int { base + weights + (32 + 4 * constraints) * nodes }

    /// Bytes at most of the arcs of coarser levels. No level has more arcs than the one before; they become far fewer soon, but where
    /// skewed graphs are contracted in small steps.
    var mostLevels: Int {
      let gentle = MultilevelSearch.arcsOfGentleContraction
      return moves && entries >= gentle.lowerBound ? max(12 * entries, 32 * min(entries, gentle.upperBound)) : 12 * entries
    }

    /// - Parameters:
    ///   - rows: Bytes of the rows that are in memory.
    ///   - merging: The same while they are made.
    ///   - levels: Bytes of the arcs of coarser levels.
    func multilevel(rows: Int, merging: Int, levels: Int) -> Int {
      let made = base + weights + max(22 * nodes + merging, weighing(merging: merging))
      return max(made, searching(rows: rows), contracting(rows: rows, levels: levels))
    }

    /// The same while rows of the finest level are read in any order, to contract it and to move single nodes.
    func searching(rows: Int) -> Int {
      let table = moves && nodes * parts <= GainTable.mostEntries ? 4 * parts + 37 : 0
      return base + weights + max(24 + 4 * constraints + max(64, table), 27 + 12 * constraints) * nodes + rows + weighed + tables
    }

    /// The same while there are coarser levels.
    func contracting(rows: Int, levels: Int) -> Int {
      let metis = 48 * min(entries, MultilevelSearch.mostCoarseArcs(parts))
      let peak = max((27 + 12 * constraints) * nodes + tables, (38 + 8 * constraints) * nodes + metis)
      return base + weights + rows + weighed + levels + peak
    }

    /// - Parameter rows: Bytes of the rows that are in memory, once or twice.
    func streaming(rows: Int) -> Int { base + weights + (86 + 4 * constraints) * nodes + rows }

    private var weights: Int { hasWeights ? 12 * nodes : 0 }

    /// While reads are expected.
    var expecting: Int { base + reads.expecting }

    /// - Parameter sorted: Bytes of the sorted edges that are in memory.
    func writing(sorted: Int) -> Int {
      base + (hasWeights ? 48 : 36) * nodes + 8 * haloNodes + 24 * splitNodes + sorted + reads.replicas(haloNodes: haloNodes)
    }

    /// The assignment alone on graphs with clear groups.
    func least(_ buffer: Int) -> Int {
      switch method {
      case .multilevel: multilevel(rows: repeatedRows, merging: repeatedRows + weighed, levels: 0)
      case .streaming: streaming(rows: min(buffer, repeatedRows))
      case .metis: base + max(30 * entries + 40 * nodes, weighing(merging: merging))
      case .refine: base + max(8 * entries + 40 * nodes, weighing(merging: merging))
      case .random, .given: base + 20 * nodes
      }
    }

    /// The same on graphs without any.
    func most(_ buffer: Int) -> Int {
      switch method {
      case .multilevel: multilevel(rows: rows, merging: merging, levels: mostLevels)
      case .streaming: streaming(rows: repeatedRows <= buffer ? repeatedRows + merging : buffer)
      case .metis, .refine: base + max(100 * entries + 100 * nodes, weighing(merging: merging))
      case .random, .given: base + 20 * nodes
      }
    }
  }
}
