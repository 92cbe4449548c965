import Configuration
import Testing

@Suite struct FanoutTests {
  @Test func numbersAreReadInputHopFirst() throws {
    let fanout = try Fanout(parsing: "15,10,5")
    #expect(fanout.hops == [.everyRelation(.atMost(15)), .everyRelation(.atMost(10)), .everyRelation(.atMost(5))])
    #expect(try fanout.limits(relations: ["edge"]) == [[15], [10], [5]])
  }

  @Test func allTakesEveryNeighbour() throws {
    let fanout = try Fanout(parsing: "all,3")
    #expect(fanout.hops == [.everyRelation(.all), .everyRelation(.atMost(3))])
    #expect(try fanout.limits(relations: ["edge"]) == [[Int.max], [3]])
  }

  @Test func aHopMayNameItsRelationsAndLeavesTheOthersOut() throws {
    let fanout = try Fanout(parsing: "15,cites=10/writes=all")
    #expect(try fanout.limits(relations: ["writes", "cites", "likes"]) == [[15, 15, 15], [Int.max, 10, 0]])
  }

  @Test func anUnknownRelationIsNamedBesideTheKnownOnes() throws {
    let fanout = try Fanout(parsing: "follows=2")
    #expect(throws: ConfigurationError("--fanout", expected: "a relation of the graph (cites, writes)", found: "'follows'")) {
      try fanout.limits(relations: ["cites", "writes"])
    }
  }

  @Test(arguments: [
    ("", "''"), ("5,", "''"), (",5", "''"), ("5,,5", "''"), ("0", "'0'"), ("-3", "'-3'"), ("5.5", "'5.5'"), ("ten", "'ten'"),
    ("5, 5", "' 5'"),
    ("2147483648", "'2147483648'"), ("99999999999999999999", "'99999999999999999999'"), ("ALL", "'ALL'"), ("cites=", "''"),
    ("cites=x", "'x'"),
  ])
  func whatIsNotACountIsRefusedByName(text: String, found: String) {
    let expected = "whole numbers above 0, or all, one per layer"
    #expect(throws: ConfigurationError("--fanout", expected: expected, found: "\(found) in '\(text)'")) { try Fanout(parsing: text) }
  }

  @Test(arguments: ["=3", "cites=3/", "cites=3=4", "cites=3/5"])
  func aMalformedRelationIsRefused(text: String) {
    #expect {
      try Fanout(parsing: text)
    } throws: { error in
      (error as? ConfigurationError)?.expected == "relation=count"
    }
  }

  @Test(arguments: ["15,10,5", "all", "2147483647,all,1", "15,cites=10/writes=all,5"])
  func theTextSurvivesReadingAndWriting(text: String) throws {
    #expect(try Fanout(parsing: text).description == text)
  }
}
