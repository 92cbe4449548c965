/// Which runs a job consists of: one, or several that differ in their seed, their split, or both.
public struct Repetition: Equatable, Sendable, CustomStringConvertible {
  /// How many seeds: that of the configuration and those that follow it; `nil`: that one, and nothing is said of it.
  public var seeds: Int?
  /// Every named split of the partition instead of the configuration's.
  public var splits = false

  /// A single run.
  public static let once = Repetition(seeds: nil, splits: false)

  public init(seeds: Int?, splits: Bool) {
    self.seeds = seeds
    self.splits = splits
  }

  /// Reads `seeds=10`, `splits`, both separated by a comma, or `none`.
  ///
  /// - Parameter option: The option that an error names.
  /// - Throws: `ConfigurationError` for anything else.
  public init(parsing text: String, option: String = "--repeat") throws {
    self = .once
    if text == "none" { return }
    for field in text.split(separator: ",", omittingEmptySubsequences: false) {
      if field == "splits" && !splits {
        splits = true
      } else if field.hasPrefix("seeds="), seeds == nil, let count = Int(field.dropFirst(6)), (1...10_000).contains(count) {
        seeds = count
      } else {
        throw ConfigurationError(option, expected: "seeds=N (N from 1 to 10000), splits, or one of each", found: "'\(text)'")
      }
    }
  }

  public var description: String {
    let fields = (seeds.map { ["seeds=\($0)"] } ?? []) + (splits ? ["splits"] : [])
    return fields.isEmpty ? "none" : fields.joined(separator: ",")
  }
}
