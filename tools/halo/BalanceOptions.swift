import ArgumentParser
import Partitioning

/// What parts are to hold equal shares of, or others.
struct BalanceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What every part holds its share of: nodes, edges (in-edges), train, validation, test, type:NAME, types, or weight:NAME (the values \
      of the dense table NAME, which has one column); 'nodes,edges=10%' gives edges a tolerance of their own.
      """, valueName: "constraint,..."))
  var balance = "nodes,edges,train"

  @Option(help: "How far above its target a part may be, as a share of the target.")
  var tolerance = Fraction(0.05)

  @Option(
    help: ArgumentHelp(
      "What each part is to hold of every constraint, in proportion: 2,1,1 gives part 0 half. (default: all the same)",
      valueName: "weight,..."))
  var partWeights: WeightList?

  @Flag(help: "End with status 0 though a tolerance is not met; without it the status is 3.")
  var allowImbalance = false

  /// The constraints with their tolerances.
  ///
  /// - Throws: `ValidationError` for a tolerance that is no number.
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
