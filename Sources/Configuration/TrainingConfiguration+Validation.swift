extension TrainingConfiguration {
  /// - Throws: `ConfigurationError` for the first option outside its range, or that the others rule out.
  public func validate() throws {
    try validateModel()
    try validateTask()
    try validateOptimization()
    try validateEvaluation()
  }

  private func validateModel() throws {
    try require((1...65_536).contains(hidden), "--hidden", "1 to 65536", hidden)
    try require((1...16).contains(layerCount), "--fanout", "1 to 16 layers", layerCount)
    try require((1...64).contains(heads) && hidden % heads == 0, "--heads", "1 to 64, a divisor of --hidden \(hidden)", heads)
    try require((1...64).contains(outputHeads), "--output-heads", "1 to 64", outputHeads)
    let attends = model == .gat || model == .gatv2
    try require(attends || (heads == 1 && outputHeads == 1), "--heads", "1 with --model \(model.rawValue)", max(heads, outputHeads))
    try require(attends || attentionDropout == 0, "--attention-dropout", "0 with --model \(model.rawValue)", attentionDropout)
    try require(model == .gin || !learnEpsilon, "--learn-epsilon", "--model gin", "--model \(model.rawValue)")
    for (value, option) in [(dropout, "--dropout"), (inputDropout, "--input-dropout"), (attentionDropout, "--attention-dropout")] {
      try require((0..<1).contains(value), option, "0 up to but not 1", value)
    }
    try validateFirstHop()
    try validateAggregation()
    try validateEmbedding()
    try validateEdgeFeatures()
  }

  private func validateEdgeFeatures() throws {
    guard let edgeFeatures else { return }
    try require(
      model == .sage, "--edge-features", "none with --model \(model.rawValue): layers of kind sage alone read rows of edges", edgeFeatures)
    try require(
      firstHop == .sampled, "--first-hop", "sampled with --edge-features, whose rows the kept ones do not hold", firstHop.rawValue)
  }

  private func validateEmbedding() throws {
    try require((0...65_536).contains(embedding.columns), "--embed", "0 to 65536 columns", embedding.columns)
    try require(learnsInputs || features != Self.noFeatures, "--features", "a table, or --embed", features)
    guard learnsInputs else { return }
    let rate = embedding.learningRate
    try require(rate.isFinite && rate > 0, "--embed-learning-rate", "a number above 0", rate)
    try require(firstHop == .sampled, "--first-hop", "sampled with --embed, whose rows change every step", firstHop.rawValue)
    try require(!isFullBatch, "--aggregate", "cpu with --embed, whose rows change every step", aggregate)
    try require(!rowNormalise, "--row-normalise", "off with --embed, whose rows are not divided by their sums", "on")
  }

  private func validateAggregation() throws {
    try aggregate.validate(aggregateType)
    guard isFullBatch else { return }
    let place = "--aggregate \(aggregate)"
    try require(
      model.sumsNeighbours, "--aggregate", "cpu with --model \(model.rawValue), whose layers gather with parameters or compare", aggregate)
    try require(
      fanout.hops.allSatisfy { $0 == .everyRelation(.all) }, "--fanout",
      "\(fanout.hops.map { _ in "all" }.joined(separator: ",")) with \(place), which takes whole neighbourhoods", fanout)
    try require(firstHop == .sampled, "--first-hop", "sampled with \(place)", firstHop.rawValue)
    if let batchSizePerPart {
      try require(false, "--batch-size-per-part", "no value with \(place), whose step has all training nodes", batchSizePerPart)
    }
  }

  private func validateFirstHop() throws {
    guard firstHop == .exact else { return }
    try require(
      model.sumsNeighbours, "--first-hop", "sampled with --model \(model.rawValue), whose first layer gathers with parameters", "exact")
    try require(inputDropout == 0, "--first-hop", "sampled with --input-dropout, which comes before the first layer gathers", "exact")
  }

  private func validateTask() throws {
    if case .given(let weights) = classWeights {
      try require(weights.allSatisfy { $0.isFinite && $0 >= 0 }, "--class-weights", "numbers from 0", classWeights)
    }
    try require(task == .classification || classWeights == .none, "--class-weights", "--task classification", "--task \(task.rawValue)")
    try require((0..<1).contains(labelSmoothing), "--label-smoothing", "0 up to but not 1", labelSmoothing)
    try require(task != .regression || labelSmoothing == 0, "--label-smoothing", "a task with labels", "--task regression")
    let ranked: [Metric] = [.auc, .averagePrecision, .accuracy, .microF1, .macroF1]
    try require(task != .regression || !ranked.contains(metric), "--metric", "auto or loss with --task regression", metric.rawValue)
  }

  private func validateOptimization() throws {
    try require(batchSize >= 1, "--batch-size", "at least 1", batchSize)
    if let perPart = batchSizePerPart { try require(perPart >= 1, "--batch-size-per-part", "at least 1", perPart) }
    try require((1...1_000_000).contains(epochs), "--epochs", "1 to 1000000", epochs)
    try require(learningRate.isFinite && learningRate > 0, "--lr", "a number above 0", learningRate)
    try require((0...1_000_000).contains(warmup), "--warmup", "a number of epochs from 0", warmup)
    try require(stepEvery >= 1, "--lr-step", "at least 1 epoch", stepEvery)
    try require(stepFactor.isFinite && stepFactor > 0, "--lr-factor", "a number above 0", stepFactor)
    try require((0..<1).contains(momentum), "--momentum", "0 up to but not 1", momentum)
    let decay = weightDecay.map { "\($0)" }.joined(separator: ",")
    try require(weightDecay.allSatisfy { $0.isFinite && $0 >= 0 }, "--weight-decay", "numbers from 0", decay)
    try require(
      weightDecay.count == 1 || weightDecay.count == layerCount, "--weight-decay", "one value, or one for each of \(layerCount) layers",
      decay)
    try require(clipNorm.isFinite && clipNorm >= 0, "--clip-norm", "a number from 0", clipNorm)
  }

  private func validateEvaluation() throws {
    try require(evalEvery >= 0, "--eval-every", "a number from 0", evalEvery)
    if let evalFanout {
      try require(evalFanout.hops.count == layerCount, "--eval-fanout", "\(layerCount) layers, as --fanout", evalFanout)
    }
    try require(patience >= 0, "--patience", "a number of evaluations from 0", patience)
  }

  private func require(_ holds: Bool, _ option: String, _ expected: String, _ found: some CustomStringConvertible) throws {
    guard holds else { throw ConfigurationError(option, expected: expected, found: "\(found)") }
  }
}
