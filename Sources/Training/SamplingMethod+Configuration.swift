public import Configuration
public import Loading

extension SamplingMethod {
  /// What a configuration says of sampling.
  public init(_ training: TrainingConfiguration) {
    self.init()
    purpose = training.sampler == .labor ? .labor : .sample
    lastsAnEpoch = training.resample == .epoch
  }
}
