import ArgumentParser
import Configuration

/// Layers of the model and how they are connected.
struct ModelOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(
    help: help(
      "Kind of the layers: GraphSAGE with the mean (sage) or a learned maximum (sage-pool) of the neighbours, GCN, GAT, GATv2 or GIN.",
      standard.model.rawValue))
  var model: TrainingConfiguration.Model?

  @Option(help: help("Width of every hidden layer, all heads together.", standard.hidden))
  var hidden: Int?

  @Option(
    help: help(
      "In-neighbours sampled by each layer, input hop first (with 15,10,5 the seeds take 5); 'all' takes every one; "
        + "its length is the number of layers.", standard.fanout))
  var fanout: String?

  @Option(
    help: help(
      "What the first layer gathers: a sample in every batch, or all in-neighbours (exact), aggregated once and kept under "
        + "PARTS/part-*/derived; the first entry of --fanout is then not used. For sage, gcn and gin, without --input-dropout.",
      standard.firstHop.rawValue))
  var firstHop: TrainingConfiguration.FirstHop?

  @Option(help: help("Attention heads of hidden layers, side by side; a divisor of --hidden.", standard.heads))
  var heads: Int?

  @Option(help: help("Attention heads of the layer that gives the logits, averaged.", standard.outputHeads))
  var outputHeads: Int?

  @Option(help: help("What is applied to the output of hidden layers.", standard.activation.rawValue))
  var activation: TrainingConfiguration.Activation?

  @Option(help: help("'layer' normalises every row of a hidden layer's output, with a learned scale and shift.", standard.norm.rawValue))
  var norm: TrainingConfiguration.Norm?

  @Flag(inversion: .prefixedNo, help: help("Divide every row that a layer gives by its Euclidean norm.", word(standard.l2Normalise)))
  var l2Normalise: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: help("Add a hidden layer's input to its output, through a weight where their widths differ.", word(standard.residual)))
  var residual: Bool?

  @Option(
    help: help(
      "How the outputs of all layers become the logits: the last layer's directly (none), or the product of an output weight and the last "
        + "output (last), all side by side (concatenate) or their maximum (max).", standard.jump.rawValue))
  var jump: TrainingConfiguration.Jump?

  @Flag(inversion: .prefixedNo, help: help("Give every node of GCN and attention layers an edge from itself.", word(standard.selfLoops)))
  var selfLoops: Bool?

  @Flag(inversion: .prefixedNo, help: help("Learn how much a node's own row counts in GIN layers.", word(standard.learnEpsilon)))
  var learnEpsilon: Bool?

  @Option(help: help("Probability that a hidden activation is dropped.", standard.dropout))
  var dropout: Float?

  @Option(help: help("Probability that an input feature is dropped.", standard.inputDropout))
  var inputDropout: Float?

  @Option(help: help("Probability that an attention coefficient is dropped.", standard.attentionDropout))
  var attentionDropout: Float?

  /// Writes every given flag over `result`.
  ///
  /// - Throws: `ConfigurationError` for a fan-out that is none.
  func apply(to result: inout TrainingConfiguration) throws {
    if let model { result.model = model }
    if let hidden { result.hidden = hidden }
    if let fanout { result.fanout = try Fanout(parsing: fanout) }
    if let firstHop { result.firstHop = firstHop }
    if let heads { result.heads = heads }
    if let outputHeads { result.outputHeads = outputHeads }
    if let activation { result.activation = activation }
    if let norm { result.norm = norm }
    if let l2Normalise { result.l2Normalise = l2Normalise }
    if let residual { result.residual = residual }
    if let jump { result.jump = jump }
    if let selfLoops { result.selfLoops = selfLoops }
    if let learnEpsilon { result.learnEpsilon = learnEpsilon }
    if let dropout { result.dropout = dropout }
    if let inputDropout { result.inputDropout = inputDropout }
    if let attentionDropout { result.attentionDropout = attentionDropout }
  }
}
