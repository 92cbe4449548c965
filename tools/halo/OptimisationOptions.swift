import ArgumentParser
import Configuration

/// How the weights follow the gradient.
struct OptimisationOptions: ParsableArguments {
  private static let standard = TrainingConfiguration()

  @Option(help: help("Optimiser of the dense weights.", standard.optimizer.rawValue))
  var optimizer: TrainingConfiguration.Optimizer?

  @Option(name: .customLong("lr"), help: help("Learning rate.", standard.learningRate))
  var learningRate: Float?

  @Option(
    name: .customLong("lr-schedule"),
    help: help(
      "How the learning rate changes over the run: not at all (constant), by --lr-factor every --lr-step epochs (step), or down to 0 along "
        + "a line or half a cosine.", standard.schedule.rawValue))
  var schedule: TrainingConfiguration.Schedule?

  @Option(help: help("Epochs over which the learning rate first grows evenly from 0.", standard.warmup))
  var warmup: Int?

  @Option(name: .customLong("lr-step"), help: help("Epochs between two drops of --lr-schedule step.", standard.stepEvery))
  var stepEvery: Int?

  @Option(name: .customLong("lr-factor"), help: help("What each drop multiplies the learning rate by.", standard.stepFactor))
  var stepFactor: Float?

  @Option(help: help("Momentum of sgd.", standard.momentum))
  var momentum: Float?

  @Option(
    help: help(
      "Decay of weight matrices, not of biases: one value, or one for each layer (0.0005,0). An L2 penalty in the gradient, or apart from "
        + "it with adamw.", NumberList(standard.weightDecay)))
  var weightDecay: NumberList?

  @Option(
    help: help("Largest Euclidean norm of a step's gradient; a longer one is scaled down to it. 0: no limit.", standard.clipNorm))
  var clipNorm: Float?

  /// Writes every given flag over `result`.
  func apply(to result: inout TrainingConfiguration) {
    if let optimizer { result.optimizer = optimizer }
    if let learningRate { result.learningRate = learningRate }
    if let schedule { result.schedule = schedule }
    if let warmup { result.warmup = warmup }
    if let stepEvery { result.stepEvery = stepEvery }
    if let stepFactor { result.stepFactor = stepFactor }
    if let momentum { result.momentum = momentum }
    if let weightDecay { result.weightDecay = weightDecay.values }
    if let clipNorm { result.clipNorm = clipNorm }
  }
}
