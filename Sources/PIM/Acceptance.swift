/// Published figures beside what the model gives: each row with its target and tolerance, met or missed.
public struct Acceptance: Codable, Sendable {
  /// One figure.
  public struct Row: Codable, Sendable {
    /// Number of the check; several figures may share one.
    public var number: Int
    public var check: String
    public var modelled: Double
    public var target: Double
    /// Values that count as met.
    public var low: Double
    public var high: Double
    public var unit: String
    /// What else there is to say.
    public var remark: String

    public var isMet: Bool { low <= modelled && modelled <= high }
  }

  public var rows: [Row] = []
  /// What nobody has published.
  public var predictions: [Prediction] = []
  /// Times by phase of what the pictures show.
  public var phases: [Phases] = []
  /// All strategies of the tuner, by graph.
  public var landscapes: [Landscape] = []

  /// A ratio of modelled times.
  public struct Prediction: Codable, Sendable {
    public var name: String
    public var ratio: Double
    /// What it rests on.
    public var assumption: String
  }

  public struct Phases: Codable, Sendable {
    public var name: String
    public var times: PIMTimes
    /// Elements brought in in a second over the operations of all cores, as PyGim counts: twice 29.1 million for int32 and twice 6.24 million
    /// for float32 in each core and second (`PIM_OPs`).
    public var utilisation: Double
  }

  public struct Landscape: Codable, Sendable {
    public var name: String
    public var choices: [PIMTuner.Choice]
  }

  /// A row whose target is met within a share of it.
  mutating func add(
    _ number: Int, _ check: String, _ modelled: Double, target: Double, within share: Double, unit: String = "", remark: String = ""
  ) {
    add(number, check, modelled, target: target, target * (1 - share)...target * (1 + share), unit: unit, remark: remark)
  }

  /// A row whose target is met inside a range.
  mutating func add(
    _ number: Int, _ check: String, _ modelled: Double, target: Double, _ range: ClosedRange<Double>, unit: String = "",
    remark: String = ""
  ) {
    rows.append(
      Row(
        number: number, check: check, modelled: modelled, target: target, low: range.lowerBound, high: range.upperBound, unit: unit,
        remark: remark))
  }
}
