import Glibc
import Telemetry
import Testing

@Suite struct StageClockTests {
  @Test func theStagesHaveTheNamesOfTheReports() {
    #expect(Stage.allCases.map(\.rawValue) == ["sample", "fetch", "wait", "forward", "backward", "reduce", "update"])
  }

  @Test func timesAndCallsAddUpPerStage() {
    let clock = StageClock()
    clock.add(5, to: .fetch)
    clock.add(7, to: .fetch)
    clock.add(1, to: .update)
    #expect(clock[.fetch] == StageClock.Reading(nanoseconds: 12, calls: 2))
    #expect(clock[.update] == StageClock.Reading(nanoseconds: 1, calls: 1))
    #expect(clock[.sample] == StageClock.Reading())
    #expect(clock.take() == [.fetch: .init(nanoseconds: 12, calls: 2), .update: .init(nanoseconds: 1, calls: 1)])
    #expect(clock[.fetch] == StageClock.Reading())
  }

  @Test func aMeasuredBodyTakesItsWallTimeEvenWhenItThrows() {
    struct Stop: Error {}
    let clock = StageClock()
    let value = clock.measure(.forward) {
      usleep(2_000)
      return 17
    }
    #expect(value == 17)
    #expect(throws: Stop.self) { try clock.measure(.forward) { throw Stop() } }
    #expect(clock[.forward].calls == 2)
    #expect(clock[.forward].seconds >= 0.002)
  }
}
