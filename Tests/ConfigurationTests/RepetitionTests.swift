import Configuration
import Testing

@Suite struct RepetitionTests {
  @Test func seedsSplitsOrBothAreRead() throws {
    #expect(try Repetition(parsing: "seeds=10") == Repetition(seeds: 10, splits: false))
    #expect(try Repetition(parsing: "splits") == Repetition(seeds: nil, splits: true))
    #expect(try Repetition(parsing: "splits,seeds=3") == Repetition(seeds: 3, splits: true))
    #expect(try Repetition(parsing: "none") == .once)
  }

  @Test(arguments: [
    "", "seeds", "seeds=", "seeds=0", "seeds=-1", "seeds=10001", "seeds=2,seeds=3", "splits,splits", "folds", "splits,", "none,splits",
  ])
  func anythingElseIsRefused(text: String) {
    let expected = "seeds=N (N from 1 to 10000), splits, or one of each"
    #expect(throws: ConfigurationError("--repeat", expected: expected, found: "'\(text)'")) { try Repetition(parsing: text) }
  }

  @Test(arguments: ["none", "seeds=10", "splits", "seeds=3,splits"])
  func theTextSurvivesReadingAndWriting(text: String) throws {
    #expect(try Repetition(parsing: text).description == text)
  }

  @Test func seedsBeyondTheLastNumberAreRefused() throws {
    var job = Job()
    job.training.seed = .max - 2
    job.repetition = Repetition(seeds: 3, splits: false)
    try job.validate()
    job.repetition = Repetition(seeds: 4, splits: false)
    #expect(throws: ConfigurationError("--repeat", expected: "seeds up to 18446744073709551615", found: "4 from 18446744073709551613 on")) {
      try job.validate()
    }
  }
}
