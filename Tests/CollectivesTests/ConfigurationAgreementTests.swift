import Collectives
import Testing

@Suite struct ConfigurationAgreementTests {
  typealias Entry = ConfigurationAgreement.Entry

  /// The error text on each member, nil where all agree.
  private func disagreement(_ entries: @escaping @Sendable (Int) -> [Entry]) throws -> [String?] {
    try InProcessGroup.run(size: 3) { group in
      do {
        try ConfigurationAgreement(entries(group.rank)).verify(in: group)
        return nil
      } catch {
        return "\(error)"
      }
    }
  }

  @Test func equalEntriesAgree() throws {
    #expect(try disagreement { _ in [Entry("isa", "avx512"), Entry("configuration", "ünïcode, [1]")] } == [nil, nil, nil])
    #expect(try disagreement { _ in [] } == [nil, nil, nil])
  }

  @Test func theFirstMismatchNamesWorkerHostEntryAndBothValuesOnEveryMember() throws {
    let texts = try disagreement { rank in
      [Entry("binary", "1f"), Entry("isa", rank == 2 ? "avx2" : "avx512"), Entry("graph.json", rank == 0 ? "a" : "b")]
    }
    let host = hostName()
    let expected = "worker 2 on \(host): expected isa avx512, as worker 0 on \(host), found avx2"
    #expect(texts == [expected, expected, expected])
  }

  @Test func missingSurplusAndRenamedEntriesAreNamed() throws {
    let host = hostName()
    #expect(
      try disagreement { $0 == 1 ? [] : [Entry("isa", "avx2")] }[0]
        == "worker 1 on \(host): expected isa avx2, as worker 0 on \(host), found nothing")
    #expect(
      try disagreement { $0 == 1 ? [Entry("isa", "avx2")] : [] }[0]
        == "worker 1 on \(host): expected 0 entries, as worker 0 on \(host), found also isa avx2")
    #expect(
      try disagreement { [Entry($0 == 2 ? "arch" : "isa", "avx2")] }[0]
        == "worker 2 on \(host): expected isa avx2, as worker 0 on \(host), found arch avx2")
  }

  @Test func stringsSurviveTheirEncoding() {
    let strings = ["", "a", "é\n\0z", String(repeating: "x", count: 300)]
    #expect(StringList(bytes: StringList(strings).bytes)?.strings == strings)
    #expect(StringList(bytes: [1, 0, 0]) == nil)
    #expect(StringList(bytes: [255, 255, 255, 255, 255, 255, 255, 255, 65]) == nil)
  }
}
