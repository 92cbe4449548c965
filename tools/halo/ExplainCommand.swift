import ArgumentParser
import Training

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say where the time of a run's steps went, and what its workers sent each other.",
    discussion: """
      From RUN/timings.jsonl: the milliseconds of a step by stage and worker, how long compute waited for batches and what loading them \
      took meanwhile, the worker that the others wait for, and rows and bytes between workers. 'halo train --trace FILE' shows single \
      steps.
      """)

  @Argument(help: ArgumentHelp("Run directory.", valueName: "run"))
  var directory: String

  @Option(help: help("Epoch to look at, from 1.", "all but the first"))
  var epoch: Int?

  @OptionGroup var report: ReportOptions

  func run() throws { try report.show(try RunExplanation(run: directory, epoch: epoch)) }
}
