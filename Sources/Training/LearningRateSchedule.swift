public import Configuration
import Glibc

/// The learning rate of every step: a pure function of the step's number, so that a resumed run goes on where it was.
///
/// Letters: `s` step from 0 over the whole run, `S` steps of an epoch, `E` epochs of the run, `W` epochs of warm-up, `e = ⌊s/S⌋ − W`
/// epochs since the warm-up, `p = (s − W·S) / ((E − W)·S)` the share of the steps since then, `base` the configured rate.
///
/// | | |
/// |---|---|
/// | warm-up, `s < W·S` | `base · (s + 1) / (W·S)`: its last step has the whole rate |
/// | `constant` | `base` |
/// | `step` | `base · factor^⌊e / every⌋`, as `torch.optim.lr_scheduler.StepLR` |
/// | `linear` | `base · (1 − p)` |
/// | `cosine` | `base · (1 + cos πp) / 2`; Loshchilov, Hutter, ICLR 2017, arXiv:1608.03983, eq. 5 without restarts |
public struct LearningRateSchedule: Sendable {
  private let configuration: TrainingConfiguration
  private let stepsPerEpoch: Int

  /// - Parameter stepsPerEpoch: `S`, at least 1.
  public init(_ configuration: TrainingConfiguration, stepsPerEpoch: Int) {
    precondition(stepsPerEpoch >= 1, "an epoch of \(stepsPerEpoch) steps")
    self.configuration = configuration
    self.stepsPerEpoch = stepsPerEpoch
  }

  /// The rate of one step.
  ///
  /// - Parameter step: `s`, from 0.
  public func rate(step: Int) -> Double {
    let base = Double(configuration.learningRate)
    let warmup = configuration.warmup * stepsPerEpoch
    if step < warmup { return base * Double(step + 1) / Double(warmup) }
    let progress = Double(step - warmup) / Double(max(1, (configuration.epochs - configuration.warmup) * stepsPerEpoch))
    switch configuration.schedule {
    case .constant: return base
    case .step:
      let drops = (step / stepsPerEpoch - configuration.warmup) / configuration.stepEvery
      return base * pow(Double(configuration.stepFactor), Double(drops))
    case .linear: return base * (1 - progress)
    case .cosine: return base * (1 + cos(Double.pi * progress)) / 2
    }
  }
}
