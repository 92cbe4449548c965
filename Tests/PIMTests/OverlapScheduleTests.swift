import PIM
import Testing

@Suite struct OverlapScheduleTests {
  private func times(_ there: Double, _ kernel: Double, _ back: Double, _ merge: Double) -> PIMTimes {
    var times = PIMTimes()
    (times.hostToPIM, times.kernel, times.pimToHost, times.merge) = (there, kernel, back, merge)
    return times
  }

  /// Kernel 8 and merge 8 in many blocks of 8/64 each: all but the first kernel block hides the merge.
  @Test func mergeHidesBehindTheKernel() {
    let best = OverlapSchedule.best(times(1, 8, 0, 8), dense: 0)
    #expect(best.sequential == 17 && best.blocks == 64 && best.hostShare == 0)
    #expect(abs(best.overlapped - (1 + 8.0 / 64 + 8)) < 1e-12)
  }

  /// Transfers back stop both sides: nothing can be hidden.
  @Test func transfersHideNothing() {
    let best = OverlapSchedule.best(times(2, 3, 4, 0), dense: 0)
    #expect(abs(best.overlapped - 9) < 1e-9 && abs(best.gain - 1) < 1e-9)
  }

  /// A host that aggregates as fast as the cores takes nearly half.
  @Test func theHostTakesAShare() {
    let best = OverlapSchedule.best(times(0, 10, 0, 0), dense: 0, hostAggregation: 10)
    #expect(best.hostShare == 0.5 && abs(best.overlapped - 5) < 1e-9)
  }
}
