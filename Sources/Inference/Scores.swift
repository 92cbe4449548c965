import Foundation

/// A score by the name that options, `metrics.jsonl` and reports give it.
public enum Score: String, Codable, CodingKeyRepresentable, Sendable, CaseIterable {
  /// Share of right decisions: of nodes classified rightly, or of single labels under several labels a node.
  case accuracy
  /// Mean of the loss that is trained, class weights and label smoothing included; of a regression the mean squared error.
  case loss
  /// Area under the ROC curve: of class 1 when there are two classes, else the mean over classes or labels that have both positive
  /// and negative nodes.
  case auc
  /// F1 of all decisions counted together; of one class of several it equals the accuracy.
  case microF1 = "micro-f1"
  /// Mean of the classes' or labels' F1.
  case macroF1 = "macro-f1"
  /// Area under the precision-recall curve in steps, averaged as `auc` is.
  case averagePrecision = "average-precision"
  /// Mean absolute error.
  case meanAbsoluteError = "mae"
  /// Coefficient of determination R², the mean over columns.
  case determination = "r2"

  /// Whether the smaller of two values is the better.
  public var smallerIsBetter: Bool { self == .loss || self == .meanAbsoluteError }

  /// `value` for people: shares in percent, all else with four decimals.
  public func text(of value: Double) -> String {
    switch self {
    case .accuracy, .microF1, .macroF1: String(format: "%.2f %%", 100 * value)
    default: String(format: "%.4f", value)
    }
  }
}

/// Scores of one set of nodes, by name; a score that the set does not define is absent.
///
/// Encoded as one object, `{"accuracy":0.9,"loss":0.3}`.
public struct Scores: Equatable, Sendable {
  private var values: [Score: Double]

  /// Keeps the values that are finite numbers.
  public init(_ values: [Score: Double] = [:]) { self.values = values.filter(\.value.isFinite) }

  public subscript(score: Score) -> Double? { values[score] }

  /// The scores that are there, in the order of `Score`.
  public var names: [Score] { Score.allCases.filter { values[$0] != nil } }
}

extension Scores: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([Score: Double].self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }
}

/// How well one class, or one label of several, is found.
public struct ClassScores: Codable, Equatable, Sendable {
  /// Number of the class or column of the label.
  public var index: Int
  /// Share of the nodes given the class that are of it; 0 when none is given it.
  public var precision: Double
  /// Share of the nodes of the class that are given it; 0 when there are none.
  public var recall: Double
  /// Harmonic mean of precision and recall; 0 when both are 0.
  public var f1: Double
  /// Nodes of the class.
  public var support: Int

  enum CodingKeys: String, CodingKey {
    case index = "class"
    case precision, recall, f1, support
  }

  public init(index: Int, precision: Double, recall: Double, f1: Double, support: Int) {
    self.index = index
    self.precision = precision
    self.recall = recall
    self.f1 = f1
    self.support = support
  }
}

/// Everything that is known of a model's predictions on one set of nodes.
public struct SetScores: Codable, Equatable, Sendable {
  /// Empty when no node of the set has a label.
  public var scores: Scores
  /// One entry per class or label, in order; empty for a regression.
  public var classes: [ClassScores]

  public init(scores: Scores = Scores(), classes: [ClassScores] = []) {
    self.scores = scores
    self.classes = classes
  }
}

/// A model's scores on the sets that are held out.
public struct Evaluation: Codable, Equatable, Sendable {
  public var validation: SetScores
  public var test: SetScores

  public init(validation: SetScores, test: SetScores) {
    self.validation = validation
    self.test = test
  }
}
