import Configuration
import Testing

@Suite struct MemoryAmountTests {
  @Test func bytesUnitsAndSharesAreRead() {
    #expect(MemoryAmount(parsing: "1500000") == .bytes(1_500_000))
    #expect(MemoryAmount(parsing: "3KiB") == .bytes(3072))
    #expect(MemoryAmount(parsing: "800MiB") == .bytes(838_860_800))
    #expect(MemoryAmount(parsing: "1.5GiB") == .bytes(1_610_612_736))
    #expect(MemoryAmount(parsing: "2TiB") == .bytes(2_199_023_255_552))
    #expect(MemoryAmount(parsing: "50%") == .share(0.5))
  }

  @Test(arguments: ["", "0", "-1", "0.5", "nan", "inf", "2GB", "GiB", "%", "0%", "101%", "-5%", "1e30", "2 GiB x"])
  func anythingElseIsRefused(text: String) { #expect(MemoryAmount(parsing: text) == nil) }

  @Test(arguments: ["1500001", "3KiB", "800MiB", "1536MiB", "2TiB", "50%", "12.5%", "0.1%", "100%"])
  func theTextIsReadBack(text: String) throws { #expect(try #require(MemoryAmount(parsing: text)).description == text) }
}
