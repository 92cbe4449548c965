import Configuration
import Testing
import Training

@Suite struct LearningRateScheduleTests {
  private func rate(_ step: Int, _ change: (inout TrainingConfiguration) -> Void) -> Double {
    var configuration = TrainingConfiguration()
    configuration.learningRate = 0.8
    configuration.epochs = 10
    configuration.warmup = 2
    change(&configuration)
    return LearningRateSchedule(configuration, stepsPerEpoch: 4).rate(step: step)
  }

  /// Ten epochs of four steps, two of them warm-up: what PyTorch 2.13 gives with `SequentialLR` of `LambdaLR`, then `StepLR` (3
  /// epochs, 0.5), `LinearLR` (1 to 0) and `CosineAnnealingLR`, all by the step.
  @Test(arguments: [
    (0, [0.1, 0.1, 0.1, 0.1]), (3, [0.4, 0.4, 0.4, 0.4]), (7, [0.8, 0.8, 0.8, 0.8]), (8, [0.8, 0.8, 0.8, 0.8]),
    (9, [0.8, 0.8, 0.775, 0.798073890669]), (19, [0.8, 0.8, 0.525, 0.58855869473]), (20, [0.8, 0.4, 0.5, 0.553073372946]),
    (31, [0.8, 0.4, 0.225, 0.146242686335]), (32, [0.8, 0.2, 0.2, 0.117157287525]), (39, [0.8, 0.2, 0.025, 0.001926109331]),
  ])
  func everyScheduleIsThatOfPyTorch(step: Int, expected: [Double]) {
    for (schedule, expected) in zip([TrainingConfiguration.Schedule.constant, .step, .linear, .cosine], expected) {
      let rate = rate(step) {
        $0.schedule = schedule
        $0.stepEvery = 3
        $0.stepFactor = 0.5
      }
      #expect(abs(rate - expected) < 1e-7, "\(schedule), step \(step): the configured 0.8 is a float32")
    }
  }

  @Test func aConstantRateIsTheConfiguredOneToTheBit() {
    #expect((0..<40).allSatisfy { step in rate(step) { $0.warmup = 0 } == Double(Float(0.8)) })
  }

  @Test func aRunMayBeWarmUpAlone() {
    for schedule in TrainingConfiguration.Schedule.allCases {
      let last = rate(39) {
        $0.schedule = schedule
        $0.warmup = 20
      }
      #expect(abs(last - 0.4) < 1e-7)
    }
  }
}
