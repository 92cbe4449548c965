import ArgumentParser
import Partitioning

/// What the parts hold equal shares of.
struct BalanceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What every part holds an equal share of: nodes, edges (in-edges), train, validation, test, type:NAME or types; \
      'nodes,edges=10%' gives edges a tolerance of their own.
      """, valueName: "constraint,..."))
  var balance = "nodes,edges,train"

  @Option(help: "How far above the mean the largest part may be.")
  var tolerance = Fraction(0.05)

  func targets() throws -> [BalanceTarget] {
    try balance.split(separator: ",", omittingEmptySubsequences: false).map { field in
      let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else { return BalanceTarget(String(field), tolerance: tolerance.value) }
      guard let own = Fraction(argument: String(sides[1])) else {
        throw ValidationError("--balance: '\(sides[1])' is no tolerance; write \(sides[0])=5%")
      }
      return BalanceTarget(String(sides[0]), tolerance: own.value)
    }
  }
}
