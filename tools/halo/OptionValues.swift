// Conformances of public types to a public protocol ask for public imports, also in an executable.
public import ArgumentParser
public import Configuration
public import Datasets
public import Graphs
public import Inference
public import Partitioning
public import Partitions
public import Tensors

extension PartitionEffort: ExpressibleByArgument {}
extension PartitionObjective: ExpressibleByArgument {}
extension TrainingConfiguration.Model: ExpressibleByArgument {}
extension TrainingConfiguration.Activation: ExpressibleByArgument {}
extension TrainingConfiguration.Norm: ExpressibleByArgument {}
extension TrainingConfiguration.Jump: ExpressibleByArgument {}
extension TrainingConfiguration.Order: ExpressibleByArgument {}
extension TrainingConfiguration.FirstHop: ExpressibleByArgument {}
extension TrainingConfiguration.Sampler: ExpressibleByArgument {}
extension TrainingConfiguration.Resample: ExpressibleByArgument {}
extension TrainingConfiguration.Task: ExpressibleByArgument {}
extension TrainingConfiguration.Optimizer: ExpressibleByArgument {}
extension TrainingConfiguration.Schedule: ExpressibleByArgument {}
extension TrainingConfiguration.Metric: ExpressibleByArgument {}
extension AggregationPlace.Element: ExpressibleByArgument {}
extension EmbeddingConfiguration.Optimizer: ExpressibleByArgument {}
extension EmbeddingConfiguration.Gradient: ExpressibleByArgument {}
extension EmbeddingConfiguration.Element: ExpressibleByArgument {}
extension ExecutionConfiguration.Residency: ExpressibleByArgument {}
extension ExecutionConfiguration.Cache: ExpressibleByArgument {}
extension Generators.Communities.Level: ExpressibleByArgument {}

extension PredictionOutput: ExpressibleByArgument {}
extension EdgeListFormat.Header: ExpressibleByArgument {}
extension EdgeListFormat.IDs: ExpressibleByArgument {}
extension EdgeTransforms.SelfLoops: ExpressibleByArgument {}

extension MemoryAmount: ExpressibleByArgument {
  /// `2GiB`, `50%`.
  public init?(argument: String) { self.init(parsing: argument) }

  public var defaultValueDescription: String { description }
}

extension TableTypes: ExpressibleByArgument {
  /// `bfloat16`, or `feat=int8,embedding=float16`.
  public init?(argument: String) { self.init(parsing: argument) }
}

extension SplitFractions: ExpressibleByArgument {
  /// Three numbers: `0.1,0.1,0.8`.
  public init?(argument: String) {
    let fields = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard fields.count == 3, let train = fields[0], let validation = fields[1], let test = fields[2] else { return nil }
    self.init(train: train, validation: validation, test: test)
  }

  public var defaultValueDescription: String { "\(train),\(validation),\(test)" }
}

/// A fraction, written as `5%` or `0.05`.
struct Fraction: ExpressibleByArgument {
  var value: Double

  init(_ value: Double) { self.value = value }

  init?(argument: String) {
    let isPercentage = argument.hasSuffix("%")
    guard let number = Double(isPercentage ? argument.dropLast() : argument[...]), number.isFinite else { return nil }
    value = isPercentage ? number / 100 : number
  }

  var defaultValueDescription: String { "\((value * 1e6).rounded() / 1e4)%" }
}

/// One number or several, written `0.0005,0`.
struct NumberList: ExpressibleByArgument, CustomStringConvertible {
  var values: [Float]

  init(_ values: [Float]) { self.values = values }

  init?(argument: String) {
    values = []
    for field in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Float(field) else { return nil }
      values.append(value)
    }
  }

  var description: String { values.map { "\($0)" }.joined(separator: ",") }
}

/// How help writes the value of a flag.
func word(_ flag: Bool) -> String { flag ? "on" : "off" }

/// The help of an option whose value, left out, is `standard`.
func help(_ text: String, _ standard: some CustomStringConvertible) -> ArgumentHelp {
  ArgumentHelp("\(text) (default: \(standard))")
}

/// Whole numbers above 0, written `1,2`.
struct WholeNumbers: ExpressibleByArgument, CustomStringConvertible {
  var values: [Int]

  init(_ values: [Int]) { self.values = values }

  init?(argument: String) {
    values = []
    for field in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Int(field), (1...(1 << 40)).contains(value) else { return nil }
      values.append(value)
    }
  }

  var description: String { values.map { "\($0)" }.joined(separator: ",") }
  var defaultValueDescription: String { description }
}

extension ElementType: ExpressibleByArgument {}

/// Numbers of parts, written `0,2` or `0-3,7`.
struct PartList: ExpressibleByArgument, CustomStringConvertible {
  var parts: Set<Int> = []

  init?(argument: String) {
    for field in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = field.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0, first <= last, last < 65_536
      else { return nil }
      parts.formUnion(first...last)
    }
  }

  var description: String { parts.sorted().map(String.init).joined(separator: ",") }
}

/// Numbers above 0, written `2,1,1`.
struct WeightList: ExpressibleByArgument, CustomStringConvertible {
  var values: [Double] = []

  init?(argument: String) {
    for field in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Double(field), value > 0, value.isFinite else { return nil }
      values.append(value)
    }
  }

  var description: String { values.map { "\($0)" }.joined(separator: ",") }
}
