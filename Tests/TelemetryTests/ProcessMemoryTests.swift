import Glibc
import Telemetry
import Testing

@Suite struct ProcessMemoryTests {
  @Test func theLinesOfAStatusFileAreFound() {
    let status = "Name:\thalo\nVmPeak:\t  900 kB\nVmHWM:\t     512 kB\nVmRSS:\t     300 kB\nThreads:\t1\n"
    #expect(ProcessMemory(parsing: status) == ProcessMemory(resident: 300 * 1024, peak: 512 * 1024))
    #expect(ProcessMemory(parsing: "Name:\thalo\n") == nil)
    #expect(ProcessMemory(parsing: "VmHWM:\t x kB\nVmRSS:\t 300 kB\n") == nil)
  }

  @Test func touchedMemoryShows() throws {
    let before = try #require(ProcessMemory.current())
    let bytes = 64 << 20
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
    memset(block, 1, bytes)
    let after = try #require(ProcessMemory.current())
    block.deallocate()
    #expect(after.resident - before.resident > bytes / 2)
    #expect(after.peak >= after.resident - (1 << 20))
  }
}
