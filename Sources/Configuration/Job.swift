/// All that a job file says: what to train, on what, how, and where to put it.
public struct Job: Equatable, Sendable {
  /// The partition directory.
  public var partitions: String?
  /// The run directory to make.
  public var output: String?
  /// A model file, or a run directory with one, whose weights the run begins with instead of random ones.
  public var startingModel: String?
  /// Several runs instead of one.
  public var repetition = Repetition.once
  public var training = TrainingConfiguration()
  public var execution = ExecutionConfiguration()

  public init(
    partitions: String? = nil, output: String? = nil, training: TrainingConfiguration = TrainingConfiguration(),
    execution: ExecutionConfiguration = ExecutionConfiguration()
  ) {
    self.partitions = partitions
    self.output = output
    self.training = training
    self.execution = execution
  }

  /// - Throws: `ConfigurationError` for the first option outside its range, or that the others rule out.
  public func validate() throws {
    try training.validate()
    try execution.validate()
    if let seeds = repetition.seeds, UInt64(seeds - 1) > .max - training.seed {
      throw ConfigurationError("--repeat", expected: "seeds up to \(UInt64.max)", found: "\(seeds) from \(training.seed) on")
    }
  }

  /// The job as the text of a file that `JobFile` reads back equal: every key with its value, in a fixed order.
  ///
  /// - Parameter remarks: Lines of comment that go before it.
  public func yaml(remarks: [String] = []) -> String {
    let lines = remarks.map { "# \($0)" } + JobKey.all.compactMap { key in key.text(self).map { "\(key.name): \($0)" } }
    return lines.map { $0 + "\n" }.joined()
  }
}
