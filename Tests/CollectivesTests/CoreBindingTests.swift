import Collectives
import Foundation
import Testing

@Suite struct CoreBindingTests {
  @Test func coresAreThoseThatTheKernelAllows() throws {
    let status = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") })
    let allowed = line.dropFirst("Cpus_allowed:".count).compactMap { $0.hexDigitValue?.nonzeroBitCount }.reduce(0, +)
    #expect(CoreBinding.availableCores() == allowed)
  }

  @Test func onlyABoundProcessGetsANotice() {
    #expect(CoreBinding.notice(threads: 1_000_000) == nil)
  }
}
