import Foundation
import Graphs
import Sampling
import Tensors

/// Mean sizes of what one part computes in one step, and of what its worker asks of others for it.
public struct BatchSizes: Codable, Equatable, Sendable {
  /// A layer's block, input hop first.
  public struct Layer: Codable, Equatable, Sendable {
    public var destinations = 0.0
    public var sources = 0.0
    public var edges = 0.0

    public init() {}

    init(destinations: Double, sources: Double, edges: Double) {
      self.destinations = destinations
      self.sources = sources
      self.edges = edges
    }
  }

  public var seeds = 0.0
  public var layers: [Layer] = []
  /// Input rows of other workers' nodes, each once for all parts of the worker.
  public var remoteRows = 0.0
  /// Nodes that other workers sample, and the edges they send back.
  public var remoteNodes = 0.0
  public var remoteEdges = 0.0

  public init() {}

  /// The same on a graph whose sources repeat `growth` times less, with `density` times the mean degree and `share` times the share of remote
  /// rows.
  ///
  /// A destination takes its share of more in-edges, as many as `limits` allow. Sources repeat less often: those of a layer are
  /// modelled as draws from a population that grows so, whose size today follows from how often they repeat today.
  package func scaled(growth: Double, density: Double, remoteShare share: Double, limits: [[Int]]) -> BatchSizes {
    var result = self
    var destinations = seeds
    for index in layers.indices.reversed() {
      let layer = layers[index]
      let limit = limits[index].reduce(0.0) { $0 + Double(min($1, 1 << 30)) }
      let taken = layer.destinations > 0 ? layer.edges / layer.destinations : 0
      let edges = destinations * min(limit, taken * density)
      let population = Self.population(draws: layer.destinations + layer.edges, distinct: layer.sources) * growth
      let sources = Self.distinct(draws: destinations + edges, of: population)
      result.layers[index] = Layer(destinations: destinations, sources: sources, edges: edges)
      destinations = sources
    }
    guard let first = layers.first, let newFirst = result.layers.first, first.sources > 0 else { return result }
    let nodes = layers.reduce(0) { $0 + $1.destinations }
    let newNodes = result.layers.reduce(0) { $0 + $1.destinations }
    let edges = layers.reduce(0) { $0 + $1.edges }
    let newEdges = result.layers.reduce(0) { $0 + $1.edges }
    result.remoteRows = remoteRows / first.sources * newFirst.sources * share
    result.remoteNodes = nodes > 0 ? remoteNodes / nodes * newNodes * share : 0
    result.remoteEdges = edges > 0 ? remoteEdges / edges * newEdges * share : 0
    return result
  }

  /// Expected distinct among `draws` even draws from `population`.
  package static func distinct(draws: Double, of population: Double) -> Double {
    guard population.isFinite, population > 0 else { return draws }
    return -population * expm1(-draws / population)
  }

  /// The population from which `draws` even draws give `distinct` on average; infinite where nothing repeats.
  package static func population(draws: Double, distinct: Double) -> Double {
    guard distinct < 0.999_999 * draws else { return .infinity }
    var (low, high) = (distinct, distinct * 1e9)
    for _ in 0..<200 {
      let middle = (low * high).squareRoot()
      if self.distinct(draws: draws, of: middle) < distinct { low = middle } else { high = middle }
    }
    return (low * high).squareRoot()
  }

  /// Adds up what the parts of `workers` workers sampled in one step.
  ///
  /// - Parameters:
  ///   - owners: Worker of each part.
  ///   - owner: Part of a node.
  static func measure(_ batches: [PartBatchSizes], owners: [Int], owner: (GlobalID) -> Int) -> BatchSizes {
    var total = BatchSizes()
    for batch in batches {
      total.seeds += Double(batch.seeds)
      if total.layers.isEmpty { total.layers = batch.blocks.map { _ in Layer() } }
      for (index, block) in batch.blocks.enumerated() {
        total.layers[index].destinations += Double(block.destinationCount)
        total.layers[index].sources += Double(block.sourceCount)
        total.layers[index].edges += Double(block.edgeCount)
      }
    }
    for worker in Set(owners) {
      let own = batches.filter { owners[$0.part] == worker }
      var rows = Set<GlobalID>()
      for batch in own { for id in batch.blocks[0].sourceIDs.readOnly where owners[owner(id)] != worker { rows.insert(id) } }
      total.remoteRows += Double(rows.count)
      for layer in own.first?.blocks.indices ?? 0..<0 {
        var nodes = Set<GlobalID>()
        for batch in own {
          let block = batch.blocks[layer]
          for row in 0..<block.destinationCount where owners[owner(block.sourceIDs[row])] != worker {
            guard nodes.insert(block.sourceIDs[row]).inserted else { continue }
            for edges in block.relations { total.remoteEdges += Double(edges.indptr[row + 1] - edges.indptr[row]) }
          }
        }
        total.remoteNodes += Double(nodes.count)
      }
    }
    return total.divided(by: Double(max(1, batches.count)))
  }

  func divided(by count: Double) -> BatchSizes { combined(with: self) { value, _ in value / count } }

  static func + (a: BatchSizes, b: BatchSizes) -> BatchSizes { a.combined(with: b, +) }

  private func combined(with other: BatchSizes, _ apply: (Double, Double) -> Double) -> BatchSizes {
    var result = self
    result.seeds = apply(seeds, other.seeds)
    result.remoteRows = apply(remoteRows, other.remoteRows)
    result.remoteNodes = apply(remoteNodes, other.remoteNodes)
    result.remoteEdges = apply(remoteEdges, other.remoteEdges)
    for index in layers.indices {
      result.layers[index].destinations = apply(layers[index].destinations, other.layers[index].destinations)
      result.layers[index].sources = apply(layers[index].sources, other.layers[index].sources)
      result.layers[index].edges = apply(layers[index].edges, other.layers[index].edges)
    }
    return result
  }
}

/// What one part sampled in one step.
struct PartBatchSizes {
  let part: Int
  let seeds: Int
  let blocks: [Block]
}
