import Configuration
import Testing

@Suite struct HelpTests {
  static let commands: [[String]] = [
    [], ["dataset"], ["dataset", "convert"], ["dataset", "generate"], ["dataset", "generate", "rmat"],
    ["dataset", "generate", "communities"], ["dataset", "generate", "karate"], ["dataset", "show"], ["partition"], ["verify"], ["train"],
    ["infer"], ["gather"], ["launch"], ["bench"], ["bench", "epoch"], ["bench", "kernels"], ["bench", "sampler"],
    ["bench", "collective"], ["bench", "pull"], ["serve"], ["pull"], ["explain"], ["plan"], ["pim"], ["pim", "plan"], ["pim", "bench"],
  ]

  @Test(arguments: commands)
  func everyCommandSaysWhatItDoesAndExplainsEachOption(command: [String]) throws {
    let outcome = try HaloTool.run(command + ["--help"])
    #expect(outcome.status == 0 && outcome.messages.isEmpty, "\(outcome)")
    #expect(outcome.output.hasPrefix("OVERVIEW: "))
    #expect(outcome.output.contains("USAGE: halo"))
    for entry in Self.optionEntries(of: outcome.output) {
      #expect(entry.help.count > 10, "'\(entry.option)' of halo \(command.joined(separator: " ")) is not explained")
    }
  }

  /// The options and arguments of a help text with what stands beside them.
  private static func optionEntries(of help: String) -> [(option: String, help: String)] {
    var entries: [(option: String, help: String)] = []
    for line in help.split(separator: "\n") {
      let words = line.drop { $0 == " " }
      let indentation = line.count - words.count
      if indentation == 2, words.hasPrefix("-") || words.hasPrefix("<") {
        let columns = words.split(separator: "  ", maxSplits: 1)
        entries.append((String(columns[0]), columns.count > 1 ? columns[1].trimmingPrefix { $0 == " " }.description : ""))
      } else if indentation > 20, !entries.isEmpty {
        entries[entries.count - 1].help += " \(words)"
      }
    }
    return entries
  }

  @Test func trainShowsEveryDefault() throws {
    let help = try HaloTool.run(["train", "--help"]).output
    let text = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let defaults = [
      ("--model <model>", "(default: sage)"), ("--hidden <hidden>", "(default: 256)"), ("--fanout <fanout>", "(default: 15,10,5)"),
      ("--batch-size <batch-size>", "(default: 1000)"), ("--epochs <epochs>", "(default: 10)"), ("--seed <seed>", "(default: 0)"),
      ("--lr <lr>", "(default: 0.003)"), ("--dropout <dropout>", "(default: 0.5)"), ("--optimizer <optimizer>", "(default: adam)"),
      ("--weight-decay <weight-decay>", "(default: 0.0)"), ("--order <order>", "(default: balanced)"),
      ("--sampler <sampler>", "(default: uniform)"), ("--resample <resample>", "(default: step)"),
      ("--row-normalise/--no-row-normalise", "(default: off)"), ("--threads <threads>", "(default: 1)"),
      ("--map-peers/--no-map-peers", "(default: on)"), ("--prefetch-depth <prefetch-depth>", "(default: 4)"),
      ("--prefetch-memory <prefetch-memory>", "(default: 256MiB)"), ("--cache <cache>", "(default: window)"),
      ("--cache-memory <bytes|percent>", "(default: 10%)"), ("--heads <heads>", "(default: 1)"), ("--jump <jump>", "(default: none)"),
      ("--self-loops/--no-self-loops", "(default: on)"), ("--task <task>", "(default: classification)"),
      ("--lr-schedule <lr-schedule>", "(default: constant)"), ("--eval-fanout <eval-fanout>", "(default: exact)"),
    ]
    for (option, value) in defaults {
      let entry = try #require(text.range(of: option), "\(option) is missing")
      #expect(text[entry.upperBound...].prefix(400).contains(value), "\(option) \(value)")
    }
    #expect(text.contains("with 15,10,5 the seeds take 5"))
  }

  @Test func everyKeyOfAJobFileIsAFlagAndTheReverse() throws {
    let help = try HaloTool.run(["train", "--help"]).output
    let flags = Self.optionEntries(of: help).compactMap { $0.option.firstMatch(of: /--([a-z0-9-]+)/).map { String($0.1) } }
    // What says how a command behaves, not what is trained.
    let others: Set = ["force", "resume", "json", "trace", "version", "help"]
    #expect(Set(flags).subtracting(others).sorted() == JobKey.all.map(\.name).sorted())
  }

  @Test func theVersionIsThreeNumbers() throws {
    let outcome = try HaloTool.run(["--version"])
    #expect(outcome.status == 0)
    #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(outcome)")
  }

  @Test(arguments: [
    ["nothing"], ["train", "parts"], ["launch", "train", "parts"], ["train", "parts", "-o", "run", "--epochs", "many"],
    ["partition", "graph.tsv", "-o", "parts"],
    ["partition", "graph.tsv", "-k", "2", "-o", "parts", "--method", "best"],
    ["partition", "graph.tsv", "-k", "2", "-o", "p", "--method", "given"],
  ])
  func misuseIsExplainedWithStatus64(arguments: [String]) throws {
    let outcome = try HaloTool.run(arguments)
    #expect(outcome.status == 64 && outcome.output.isEmpty, "\(outcome)")
    #expect(outcome.messages.contains("Error: ") && outcome.messages.contains("Usage: halo"), "\(outcome)")
  }
}
