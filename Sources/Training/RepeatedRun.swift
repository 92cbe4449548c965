public import Configuration
import Partitions
import Tensors

/// One run of a repetition: what sets it apart, and its place in the directory of all.
public struct RepeatedRun: Equatable, Sendable {
  /// Path inside the repetition's directory: `seed-0003`, `split-random-2` or `split-random-2/seed-0003`.
  public var name: String
  public var seed: UInt64
  /// Name of the split; empty: the first of the partition.
  public var split: String

  public init(name: String, seed: UInt64, split: String) {
    self.name = name
    self.seed = seed
    self.split = split
  }

  /// The runs of a repetition in their order: split by split, and in each the seed of `training` and those that follow it.
  ///
  /// - Parameters:
  ///   - splits: Names of the partition's splits.
  ///   - place: The partition, as an error names it.
  /// - Throws: `InputError` when every split is asked for and the partition has none with a name.
  public static func all(
    of repetition: Repetition, training: TrainingConfiguration, splits: [String], place: String
  ) throws -> [RepeatedRun] {
    if repetition.splits, splits.isEmpty { throw InputError(place, expected: "splits to repeat the run on", found: "none") }
    return (repetition.splits ? splits : [training.split]).flatMap { split in
      (0..<UInt64(repetition.seeds ?? 1)).map { number in
        let seed = training.seed + number  // `Job.validate` has checked the sum.
        var names = repetition.splits ? ["split-\(split.replacing("/", with: "-"))"] : []
        if repetition.seeds != nil { names.append("seed-" + String(repeating: "0", count: max(0, 4 - "\(seed)".count)) + "\(seed)") }
        return RepeatedRun(name: names.joined(separator: "/"), seed: seed, split: split)
      }
    }
  }
}
