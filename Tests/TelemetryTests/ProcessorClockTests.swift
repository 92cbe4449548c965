import Glibc
import Telemetry
import Testing

@Suite struct ProcessorClockTests {
  /// Against the processor time that the system reports of the process, in its own units.
  @Test func workCountsAndSleepDoesNot() {
    let (thread, process, whole) = (ProcessorClock.thread(), ProcessorClock.process(), MonotonicClock.now())
    usleep(200_000)
    let slept = ProcessorClock.thread() - thread
    #expect(slept < 100_000_000 && MonotonicClock.now() - whole >= 200_000_000)
    var sum: UInt64 = 1
    while ProcessorClock.thread() - thread < 50_000_000 { sum = sum &* 6_364_136_223_846_793_005 &+ 1 }
    #expect(ProcessorClock.process() - process >= 50_000_000, "\(sum)")
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let reported = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    #expect(Double(ProcessorClock.process()) * 1e-9 >= reported - 0.05)
  }
}
