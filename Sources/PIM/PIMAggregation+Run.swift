package import Kernels
import Synchronization
package import Tensors

extension PIMAggregation {
  /// Aggregates on the simulated cores: every byte goes through banks and scratchpads, and the host brings the parts together.
  ///
  /// Letters: `D` destinations, `S` sources, `C` columns. Integers are exact, modulo 2³²; the order of sums follows the
  /// strategy alone, whatever the number of threads.
  ///
  /// - Parameters:
  ///   - edges: Their factors are not used.
  ///   - inputs: Shape (`S`, `C`).
  ///   - weights: Factor of each edge for `multiplyAdd`; `nil`: 1.
  ///   - out: Shape (`D`, `C`); overwritten; zeros for destinations without edges.
  /// - Returns: Modelled times, from what the kernels counted.
  /// - Throws: `PIMFault`, `InputError` as `estimate`.
  package func run<Element: PIMElement>(
    _ edges: Neighborhood, sourceCount: Int, columns: Int, inputs: UnsafePointer<Element>, weights: UnsafePointer<Element>? = nil,
    operation: PIMOperation? = nil, into out: UnsafeMutablePointer<Element.Sum>, threads: Threads
  ) throws -> PIMTimes {
    try run(
      SourceTilings(edges, sourceCount: sourceCount), columns: columns, inputs: inputs, weights: weights, operation: operation, into: out,
      threads: threads)
  }

  /// The same of a graph whose slices are kept.
  package func run<Element: PIMElement>(
    _ tilings: SourceTilings, columns: Int, inputs: UnsafePointer<Element>, weights: UnsafePointer<Element>? = nil,
    operation: PIMOperation? = nil, into out: UnsafeMutablePointer<Element.Sum>, threads: Threads
  ) throws -> PIMTimes {
    precondition(Element.type == strategy.elementType, "\(Element.type) rows for \(strategy)")
    try checkColumns(columns)
    let operation = operation ?? self.operation(isMax: false)
    let (edges, tiling) = (tilings.edges, tilings[strategy.slices])
    let widths = widths(columns)
    let clusters = topology.clusters(perRank: strategy.clustersPerRank)
    let slices = (0..<strategy.slices).map { SliceRun(tiling, slice: $0, edges: edges, weights: weights) }
    let works = Mutex([ClusterWork](repeating: ClusterWork(), count: clusters.count))
    let faults = Mutex<[Int: any Error]>([:])
    nonisolated(unsafe) let inputs = inputs  // Safe: read-only.
    nonisolated(unsafe) let out = out  // Safe: column parts write disjoint columns.
    threads.forEach(strategy.columnParts) { part in
      let first = widths.prefix(part).reduce(0, +)
      let columnsOfPart = TileColumns(range: first..<first + widths[part], of: columns)
      let core = PIMCore(bankBytes: topology.bankBytes, scratchpadBytes: topology.scratchpadBytes)
      do {
        ClusterRun<Element>.begin(out, rows: edges.destinationCount, columnsOfPart, operation)
        for slice in 0..<strategy.slices {
          let index = slice * strategy.columnParts + part
          let run = ClusterRun(self, slices[slice], columnsOfPart, operation, inputs: inputs, out: out)
          let work = try run.run(cores: clusters[index].cores, on: core)
          works.withLock { $0[index] = work }
        }
        ClusterRun<Element>.finish(out, edges, columnsOfPart, operation)
      } catch { faults.withLock { $0[part] = error } }
    }
    if let fault = faults.withLock({ $0.min { $0.key < $1.key }?.value }) { throw fault }
    let done = works.withLock { $0 }
    return PhaseModel(topology: topology).times(
      zip(clusters, done).map { (rank: $0.rank, work: $1) }, widths: widths, rowCount: edges.destinationCount)
  }
}

/// Columns that one part of an aggregation has.
struct TileColumns: Sendable {
  let range: Range<Int>
  /// Columns of all parts.
  let of: Int
}

/// The edges of one slice as its cores get them.
struct SliceRun<Element: PIMElement>: Sendable {
  let edges: SliceEdges
  let firstSource: Int
  /// Source of each edge, counted from the slice's first.
  let sources: Buffer<UInt32>
  /// Destination of each edge.
  let destinations: Buffer<UInt32>
  let weights: Buffer<Element>

  init(_ tiling: SourceTiling, slice: Int, edges all: Neighborhood, weights factors: UnsafePointer<Element>?) {
    let entries = tiling.entries(of: slice)
    edges = SliceEdges(tiling, slice: slice)
    let range = tiling.bounds[slice]..<tiling.bounds[slice + 1]
    firstSource = range.lowerBound
    sources = Buffer(count: edges.edgeCount)
    destinations = Buffer(count: edges.edgeCount)
    weights = Buffer(count: edges.edgeCount)
    var next = 0
    for (entry, destination) in entries.destinations.enumerated() {
      for edge in Int(entries.edges.begin[entry])..<Int(entries.edges.end[entry]) {
        sources.pointer[next] = entries.edges.sources[edge] - UInt32(firstSource)
        destinations.pointer[next] = destination
        next += 1
      }
    }
    guard let factors else {
      weights.elements.update(repeating: Element.unit)
      return
    }
    next = 0
    for destination in entries.destinations {
      for edge in Int(all.begin[Int(destination)])..<Int(all.end[Int(destination)]) where range.contains(Int(all.sources[edge])) {
        weights.pointer[next] = factors[edge]
        next += 1
      }
    }
  }
}
