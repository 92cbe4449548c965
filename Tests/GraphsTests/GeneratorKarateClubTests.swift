import Graphs
import Testing

@Suite struct GeneratorKarateClubTests {
  @Test func degreesAreThoseOfThePublishedMatrix() {
    let graph = Generators.karateClub()
    var degrees = [Int](repeating: 0, count: 34)
    for node in graph.edges[0].destinations { degrees[Int(node)] += 1 }
    #expect(
      degrees == [16, 9, 10, 6, 3, 4, 4, 4, 5, 2, 3, 1, 2, 5, 2, 2, 2, 2, 2, 3, 2, 2, 2, 5, 3, 3, 2, 4, 3, 4, 4, 6, 12, 17])
  }

  @Test func everyFriendshipStandsBothWaysOnce() {
    let edges = zip(Generators.karateClub().edges[0].sources, Generators.karateClub().edges[0].destinations).map { [$0, $1] }
    #expect(edges.count == 156 && Set(edges).count == 156)
    #expect(edges.allSatisfy { Set(edges).contains([$0[1], $0[0]]) && $0[0] != $0[1] })
  }

  @Test func factionsHaveSeventeenMembersAndTenFriendshipsBetweenThem() {
    let graph = Generators.karateClub()
    let labels = graph.nodes[0].labels!
    #expect(labels.filter { $0 == 0 }.count == 17 && labels.filter { $0 == 1 }.count == 17)
    #expect(labels[0] == 0 && labels[33] == 1)
    let crossing = zip(graph.edges[0].sources, graph.edges[0].destinations).filter { labels[Int($0)] != labels[Int($1)] }
    #expect(crossing.count == 2 * 11)
  }

  @Test func splitCoversEveryMemberOnce() {
    let split = Generators.karateClub().nodes[0].split
    #expect((split.train + split.validation + split.test).sorted() == Array(0..<34))
    for set in [split.train, split.validation, split.test] { #expect(set == set.sorted()) }
  }
}
