import ArgumentParser
import Configuration

/// What decides the result of a run. Every flag left out keeps the value of the configuration it is applied to.
struct TrainingOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(help: help("Model: sage is GraphSAGE with the mean of the neighbours.", standard.model.rawValue))
  var model: TrainingConfiguration.Model?

  @Option(help: help("Width of every hidden layer.", standard.hidden))
  var hidden: Int?

  @Option(
    help: help(
      "In-neighbours sampled by each layer, input hop first (with 15,10,5 the seeds take 5); 'all' takes every one; "
        + "its length is the number of layers.", standard.fanout))
  var fanout: String?

  @Option(help: help("Seeds of one step over all parts.", standard.batchSize))
  var batchSize: Int?

  @Option(help: help("Seeds of one step and part, instead of --batch-size.", "not set"))
  var batchSizePerPart: Int?

  @Option(help: help("Passes over the training nodes.", standard.epochs))
  var epochs: Int?

  @Option(help: help("Seed of every random choice: same seed, same parts, same bits, on any number of workers and threads.", standard.seed))
  var seed: UInt64?

  @Option(name: .customLong("lr"), help: help("Learning rate.", standard.learningRate))
  var learningRate: Float?

  @Option(help: help("Probability that a hidden activation is dropped.", standard.dropout))
  var dropout: Float?

  @Option(help: help("Probability that an input feature is dropped.", standard.inputDropout))
  var inputDropout: Float?

  @Option(help: help("L2 penalty on weight matrices, added to the gradient.", standard.weightDecay[0]))
  var weightDecay: Float?

  @Option(help: help("Optimiser of the dense weights.", standard.optimizer.rawValue))
  var optimizer: TrainingConfiguration.Optimizer?

  @Option(help: help("Momentum of sgd.", standard.momentum))
  var momentum: Float?

  @Option(
    help: help(
      "Order of the seeds: 'balanced' walks a permutation of each part's training nodes, an equal share a step; "
        + "'global' one permutation of all, the same for any number of parts.", standard.order.rawValue))
  var order: TrainingConfiguration.Order?

  @Flag(inversion: .prefixedNo, help: help("Divide every feature row by its sum.", standard.rowNormalise ? "on" : "off"))
  var rowNormalise: Bool?

  @Option(help: help("Evaluate every so many epochs, and after the last; 0: after the last only.", standard.evalEvery))
  var evalEvery: Int?

  @Option(help: help("Table of input features.", standard.features))
  var features: String?

  /// `base` with every given flag written over it, checked.
  ///
  /// - Throws: `ConfigurationError` for the first value outside its range.
  func applied(to base: TrainingConfiguration = TrainingConfiguration()) throws -> TrainingConfiguration {
    var result = base
    if let model { result.model = model }
    if let hidden { result.hidden = hidden }
    if let fanout { result.fanout = try Fanout(parsing: fanout) }
    if let batchSize { result.batchSize = batchSize }
    if let batchSizePerPart { result.batchSizePerPart = batchSizePerPart }
    if let epochs { result.epochs = epochs }
    if let seed { result.seed = seed }
    if let learningRate { result.learningRate = learningRate }
    if let dropout { result.dropout = dropout }
    if let inputDropout { result.inputDropout = inputDropout }
    if let weightDecay { result.weightDecay = [weightDecay] }
    if let optimizer { result.optimizer = optimizer }
    if let momentum { result.momentum = momentum }
    if let order { result.order = order }
    if let rowNormalise { result.rowNormalise = rowNormalise }
    if let evalEvery { result.evalEvery = evalEvery }
    if let features { result.features = features }
    try result.validate()
    return result
  }
}
