import ArgumentParser
import Configuration
import Graphs
import Partitioning
import Partitions

/// The training that parts are made for, and what they keep of each other to read less.
struct ReadOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(
    help: help(
      """
      What the parts are to have little of: edges between them, bytes of rows that mini-batches are expected to read from other parts, or \
      weights of the edges between them, as the input has them (the latter two by the methods multilevel, metis and --refine).
      """, PartitionObjective.edges.rawValue))
  var objective: PartitionObjective?

  @Option(
    help: help(
      """
      In-neighbours that training will sample in each layer, input hop first, as for 'halo train'; with it the report says what batches \
      are expected to read from other parts.
      """, "\(standard.fanout) for --objective bytes and --replicate"))
  var fanout: String?

  @Option(help: help("Seeds of one step over all parts, as for 'halo train'.", standard.batchSize))
  var batchSize: Int?

  @Option(
    help: ArgumentHelp(
      """
      Keep rows and in-edges of the nodes that a part's batches read most from others, as many as this share of its own nodes: 10%. \
      Training then reads them in place; its results are the same bits.
      """, valueName: "share"))
  var replicate: Fraction?

  @Option(
    help: help("Keep the in-edges of halo nodes up to so many hops away, so that they are sampled without asking their owners.", 0))
  var haloHops: Int?

  func validate() throws {
    if let batchSize, batchSize < 1 { throw ValidationError("--batch-size: a step has at least one seed") }
    if let replicate, replicate.value < 0 { throw ValidationError("--replicate: a share of the part's nodes is 0% or more") }
    if let haloHops, !(0...16).contains(haloHops) { throw ValidationError("--halo-hops: 0 to 16") }
  }

  /// Whether anything is kept of other parts' nodes.
  var keepsReplicas: Bool { (replicate?.value ?? 0) > 0 || (haloHops ?? 0) > 0 }

  /// Sets what of the options belongs to the graph at hand.
  ///
  /// - Throws: `ConfigurationError` for a fan-out that is none, or names a relation that the graph does not have.
  func apply(to options: inout PartitionOptions, of graph: RawGraph) throws {
    options.objective = objective ?? .edges
    options.replicas = replicate?.value ?? 0
    options.haloHops = haloHops ?? 0
    guard fanout != nil || batchSize != nil || options.objective == .bytes || options.replicas > 0 else { return }
    let parsed = try fanout.map { try Fanout(parsing: $0) } ?? Self.standard.fanout
    options.batches = ExpectedBatches(
      fanout: parsed.description, limits: try parsed.limits(relations: graph.schema.relations.map(\.name)),
      batchSize: batchSize ?? Self.standard.batchSize)
  }
}
