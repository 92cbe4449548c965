/// Everything that decides the result of a training run, with its defaults; stored in the run directory.
///
/// Where the work is done (workers, threads, mapped peers) is `ExecutionConfiguration`: it may change how long a run takes but never its bits.
public struct TrainingConfiguration: Codable, Equatable, Sendable {
  public enum Model: String, Codable, Sendable, CaseIterable { case sage }
  public enum Optimizer: String, Codable, Sendable, CaseIterable { case adam, sgd }
  /// How the batches of an epoch are drawn; see `BatchPlan`.
  public enum Order: String, Codable, Sendable, CaseIterable { case balanced, global }

  public var model = Model.sage
  /// Width of every hidden layer.
  public var hidden = 256
  /// Neighbours sampled by each layer, input hop first; its length is the number of layers.
  public var fanout = try! Fanout(parsing: "15,10,5")  // Safe: a literal.
  /// Seeds of one step over all parts.
  public var batchSize = 1000
  /// Seeds of one step and part; replaces `batchSize` by its product with the number of parts.
  public var batchSizePerPart: Int?
  public var epochs = 10
  public var seed: UInt64 = 0
  public var learningRate: Float = 0.003
  /// Probability that a hidden activation is dropped.
  public var dropout: Float = 0.5
  /// Probability that an input feature is dropped.
  public var inputDropout: Float = 0
  /// L2 penalty added to the gradient of weight matrices (not biases).
  public var weightDecay: Float = 0
  public var optimizer = Optimizer.adam
  /// Momentum of SGD.
  public var momentum: Float = 0
  public var order = Order.balanced
  /// Divides every feature row by its sum, as the published protocol of the Planetoid graphs does.
  public var rowNormalise = false
  /// Evaluates the validation and test sets every so many epochs, and after the last; 0: after the last only.
  public var evalEvery = 1
  /// Table of input features.
  public var features = "feat"

  public init() {}

  /// Layers of the model.
  public var layerCount: Int { fanout.hops.count }

  /// Seeds of one step over `parts` parts.
  public func globalBatchSize(parts: Int) -> Int { batchSizePerPart.map { $0 * parts } ?? batchSize }

  /// - Throws: `ConfigurationError` for the first option outside its range.
  public func validate() throws {
    func require(_ holds: Bool, _ option: String, _ expected: String, _ found: some CustomStringConvertible) throws {
      guard holds else { throw ConfigurationError(option, expected: expected, found: "\(found)") }
    }
    try require((1...65_536).contains(hidden), "--hidden", "1 to 65536", hidden)
    try require((1...16).contains(layerCount), "--fanout", "1 to 16 layers", layerCount)
    try require(batchSize >= 1, "--batch-size", "at least 1", batchSize)
    if let perPart = batchSizePerPart { try require(perPart >= 1, "--batch-size-per-part", "at least 1", perPart) }
    try require((1...1_000_000).contains(epochs), "--epochs", "1 to 1000000", epochs)
    try require(learningRate.isFinite && learningRate > 0, "--lr", "a number above 0", learningRate)
    try require((0..<1).contains(dropout), "--dropout", "0 up to but not 1", dropout)
    try require((0..<1).contains(inputDropout), "--input-dropout", "0 up to but not 1", inputDropout)
    try require(weightDecay.isFinite && weightDecay >= 0, "--weight-decay", "a number from 0", weightDecay)
    try require((0..<1).contains(momentum), "--momentum", "0 up to but not 1", momentum)
    try require(evalEvery >= 0, "--eval-every", "a number from 0", evalEvery)
  }
}
