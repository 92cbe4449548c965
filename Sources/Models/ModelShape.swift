import Tensors

/// What a model is made of; a pure function of graph.json and the configuration.
public struct ModelShape: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable, CaseIterable { case sage }

  /// Whether a layer's product comes after its aggregation or before; it decides the order of sums and hence their bits.
  public enum ProductOrder: String, Codable, Sendable {
    case aggregateFirst
    case transformFirst
  }

  public var kind: Kind
  /// Width of the input rows.
  public var inputColumns: Int
  /// Whether input rows are sparse.
  public var sparseInput: Bool
  /// Width of every hidden layer.
  public var hidden: Int
  /// Number of layers: the length of the fan-out.
  public var layers: Int
  public var classes: Int
  /// Names of the schema's relations, in its order; they are part of the parameters' names.
  public var relations: [String]
  /// Probability that a hidden activation is dropped.
  public var dropout: Float
  /// Probability that an input feature is dropped.
  public var inputDropout: Float
  /// Whether each input row is divided by its sum.
  public var rowNormalise: Bool

  public init(
    kind: Kind = .sage, inputColumns: Int, sparseInput: Bool = false, hidden: Int, layers: Int, classes: Int,
    relations: [String] = ["edge"], dropout: Float = 0, inputDropout: Float = 0, rowNormalise: Bool = false
  ) {
    self.kind = kind
    self.inputColumns = inputColumns
    self.sparseInput = sparseInput
    self.hidden = hidden
    self.layers = layers
    self.classes = classes
    self.relations = relations
    self.dropout = dropout
    self.inputDropout = inputDropout
    self.rowNormalise = rowNormalise
  }

  /// - Throws: `InputError` for the first value that no model can have.
  public func validate() throws {
    func require(_ holds: Bool, _ what: String, _ expected: String, _ found: some CustomStringConvertible) throws {
      guard holds else { throw InputError("model's \(what)", expected: expected, found: "\(found)") }
    }
    try require(inputColumns >= 1, "input width", "at least 1", inputColumns)
    try require(layers >= 1, "layers", "at least 1", layers)
    try require(layers == 1 || hidden >= 1, "hidden width", "at least 1", hidden)
    try require(classes >= 1, "classes", "at least 1", classes)
    try require(!relations.isEmpty, "relations", "at least 1", 0)
    try require(Set(relations).count == relations.count, "relations", "distinct names", relations.joined(separator: ","))
    try require((0..<1).contains(dropout), "dropout", "0 up to but not 1", dropout)
    try require((0..<1).contains(inputDropout), "input dropout", "0 up to but not 1", inputDropout)
  }

  /// Width of the rows that a layer reads.
  public func inputWidth(of layer: Int) -> Int { layer == 0 ? inputColumns : hidden }

  /// Width of the rows that a layer writes.
  public func outputWidth(of layer: Int) -> Int { layer == layers - 1 ? classes : hidden }

  /// Transform first when the input is sparse or wider than the output: fewer bytes are then aggregated.
  public func order(of layer: Int) -> ProductOrder {
    (layer == 0 && sparseInput) || inputWidth(of: layer) > outputWidth(of: layer) ? .transformFirst : .aggregateFirst
  }
}
