import Collectives
import Glibc
import Testing

@Suite struct LauncherStopLadderTests {
  private let second: UInt64 = 1_000_000_000

  @Test func aPoliteRequestIsFollowedBySignalsThatCannotBeRefused() {
    var ladder = LauncherStopLadder(graceSeconds: 10)
    #expect(ladder.overdueSignal(at: 100 * second) == nil)
    #expect(ladder.stopIsRequested(at: 100 * second) == SIGUSR1)
    #expect(ladder.overdueSignal(at: 109 * second) == nil)
    #expect(ladder.overdueSignal(at: 110 * second) == SIGTERM)
    #expect(ladder.overdueSignal(at: 113 * second) == nil)
    #expect(ladder.overdueSignal(at: 114 * second) == SIGKILL)
    #expect(ladder.overdueSignal(at: 1000 * second) == nil)
  }

  @Test func whoAsksAgainIsInAHurry() {
    var ladder = LauncherStopLadder(graceSeconds: 10)
    #expect((0..<4).map { _ in ladder.stopIsRequested(at: 0) } == [SIGUSR1, SIGTERM, SIGKILL, SIGKILL])
  }

  @Test func aTeardownThatHangsIsEndedWithinFifteenSeconds() {
    var ladder = LauncherStopLadder(graceSeconds: 60)
    ladder.teardownHasBegun(at: 0)
    ladder.teardownHasBegun(at: 5 * second)
    #expect(ladder.overdueSignal(at: 8 * second) == SIGTERM)
    ladder.teardownHasBegun(at: 9 * second)
    #expect(ladder.overdueSignal(at: 12 * second) == SIGKILL)
  }

  @Test func aFailureDuringThePoliteStopEndsTheGracePeriod() {
    var ladder = LauncherStopLadder(graceSeconds: 60)
    _ = ladder.stopIsRequested(at: 0)
    ladder.teardownHasBegun(at: second)
    #expect(ladder.overdueSignal(at: 9 * second) == SIGTERM)
  }
}
