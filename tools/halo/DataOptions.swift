import ArgumentParser
import Configuration

/// What is read from the partition, and how it is drawn into batches.
struct DataOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(help: help("Table of input features; 'none' reads learned columns alone (--embed).", standard.features))
  var features: String?

  @Option(
    help: help(
      "Table of rows of the edges, which layers of kind sage read beside those of the nodes, along every relation that has it.", "none"))
  var edgeFeatures: String?

  @Flag(inversion: .prefixedNo, help: help("Divide every feature row by its sum.", word(standard.rowNormalise)))
  var rowNormalise: Bool?

  @Option(help: help("Name of the split.", "the first of the partition"))
  var split: String?

  @Option(help: help("Seeds of one step over all parts.", standard.batchSize))
  var batchSize: Int?

  @Option(help: help("Seeds of one step and part, instead of --batch-size.", "not set"))
  var batchSizePerPart: Int?

  @Option(
    help: help(
      "Order of the seeds: 'balanced' walks a permutation of each part's training nodes, an equal share a step; "
        + "'global' one permutation of all, the same for any number of parts.", standard.order.rawValue))
  var order: TrainingConfiguration.Order?

  @Option(
    help: help(
      "Which in-neighbours a batch takes: 'uniform' as many as --fanout says; 'labor' (LABOR-0) as many on average, chosen by one number "
        + "for each source, so that a batch reads fewer distinct rows.", standard.sampler.rawValue))
  var sampler: TrainingConfiguration.Sampler?

  @Option(
    help: help(
      "How long a node keeps its sampled in-neighbours: one 'step', or one 'epoch' (fewer distinct rows).", standard.resample.rawValue))
  var resample: TrainingConfiguration.Resample?

  @Option(help: help("Passes over the training nodes.", standard.epochs))
  var epochs: Int?

  @Option(help: help("Seed of every random choice: same seed, same parts, same bits, on any number of workers and threads.", standard.seed))
  var seed: UInt64?

  /// Writes every given flag over `result`; `--batch-size` by itself takes the place of a batch size per part.
  func apply(to result: inout TrainingConfiguration) {
    if let features { result.features = features }
    if let edgeFeatures { result.edgeFeatures = edgeFeatures == TrainingConfiguration.noFeatures ? nil : edgeFeatures }
    if let rowNormalise { result.rowNormalise = rowNormalise }
    if let split { result.split = split }
    if let batchSize { (result.batchSize, result.batchSizePerPart) = (batchSize, nil) }
    if let batchSizePerPart { result.batchSizePerPart = batchSizePerPart }
    if let order { result.order = order }
    if let sampler { result.sampler = sampler }
    if let resample { result.resample = resample }
    if let epochs { result.epochs = epochs }
    if let seed { result.seed = seed }
  }
}
