import Telemetry
import Testing

@Suite struct FreeMemoryTests {
  @Test func availableMemoryIsReadInKibibytes() {
    let text = "MemTotal:       24000000 kB\nMemFree:         1000000 kB\nMemAvailable:    2000000 kB\nBuffers: 5 kB\n"
    #expect(FreeMemory.available(in: text) == 2_048_000_000)
    #expect(FreeMemory.available(in: "MemTotal: 5 kB\n") == nil)
    #expect(FreeMemory.available(in: "MemAvailable: many kB\n") == nil)
    #expect(FreeMemory.available(in: "MemAvailable: 5 MB\n") == nil)
  }

  @Test func thisHostHasSome() throws {
    let bytes = try #require(FreeMemory.bytes())
    #expect(bytes > 1 << 20 && bytes < 1 << 50)
  }
}
