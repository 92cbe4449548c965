import Tensors

/// What a model is made of; a pure function of graph.json and the configuration.
public struct ModelShape: Codable, Equatable, Sendable {
  /// The convolution of every layer; each has a file with its formula.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case sage
    case sagePool = "sage-pool"
    case gcn, gin, gat, gatv2

    /// Whether layers sum the rows of neighbours, by edges that have no factor of their own: what an `Aggregator` computes.
    public var sumsNeighbours: Bool {
      switch self {
      case .sage, .gcn, .gin: true
      case .sagePool, .gat, .gatv2: false
      }
    }
  }

  public enum Activation: String, Codable, Sendable, CaseIterable { case relu, elu, prelu }

  /// What hidden rows are normalised by, before the activation.
  public enum Norm: String, Codable, Sendable, CaseIterable { case none, layer }

  /// How the outputs of the layers become logits: the last layer's are the logits, or an output weight is applied to the last
  /// layer's rows, to all layers' rows side by side, or to their largest elements.
  ///
  /// Xu et al., ICML 2018, arXiv:1806.03536.
  public enum Jump: String, Codable, Sendable, CaseIterable { case none, last, concatenate, max }

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
  /// Width of every hidden layer, all heads together.
  public var hidden: Int
  /// Number of layers: the length of the fan-out.
  public var layers: Int
  /// Width of the output: classes, labels or targets.
  public var classes: Int
  /// Names of the schema's relations, in its order; they are part of the parameters' names.
  public var relations: [String]
  /// Probability that a hidden activation is dropped.
  public var dropout: Float
  /// Probability that an input feature is dropped.
  public var inputDropout: Float
  /// Whether each input row is divided by its sum.
  public var rowNormalise: Bool
  public var activation = Activation.relu
  public var norm = Norm.none
  /// Whether each row of a hidden layer is divided by its Euclidean norm, before it is normalised otherwise.
  public var l2Normalise = false
  /// Whether a hidden layer's input is added to its output, through a weight where their widths differ.
  public var residual = false
  public var jump = Jump.none
  /// Whether GCN and attention layers give every node an edge from itself.
  public var selfLoops = true
  /// Whether GIN learns how much a node's own row counts.
  public var learnEpsilon = false
  /// Attention heads of hidden layers, side by side, and of the layer that gives the logits, averaged.
  public var heads = 1
  public var outputHeads = 1
  /// Probability that an attention coefficient is dropped.
  public var attentionDropout: Float = 0
  /// Whether the input rows are learned: their gradient is then wanted.
  public var learnsInputs = false
  /// Whether dense input rows are stored as float32, which is what attention reads in place.
  public var readsFloats = true
  /// `edgeColumns` where some are not 0: a shape without edge rows is stored as it always was.
  private var edgeWidths: [Int]?

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
    try require(hidden >= 1 || (layers == 1 && jump == .none), "hidden width", "at least 1", hidden)
    try require(classes >= 1, "classes", "at least 1", classes)
    try require(!relations.isEmpty, "relations", "at least 1", 0)
    try require(Set(relations).count == relations.count, "relations", "distinct names", relations.joined(separator: ","))
    try require(
      edgeColumns.count == relations.count && edgeColumns.allSatisfy { $0 >= 0 }, "edge columns",
      "\(relations.count) numbers from 0, one for each relation", edgeColumns)
    try require(kind == .sage || !readsEdges, "edge columns", "none for a model of kind \(kind.rawValue)", edgeColumns)
    try require(heads >= 1 && outputHeads >= 1 && hidden % heads == 0, "heads", "a divisor of the hidden width \(hidden)", heads)
    for (probability, what) in [(dropout, "dropout"), (inputDropout, "input dropout"), (attentionDropout, "attention dropout")] {
      try require((0..<1).contains(probability), what, "0 up to but not 1", probability)
    }
  }

  /// Width of the rows of edges by relation; 0 where its edges have none. Only kind `sage` reads them.
  public var edgeColumns: [Int] {
    get { edgeWidths ?? relations.map { _ in 0 } }
    set { edgeWidths = newValue.allSatisfy { $0 == 0 } ? nil : newValue }
  }

  /// Whether some relation's edges have rows.
  public var readsEdges: Bool { edgeWidths != nil }

  /// Relations whose edges have rows.
  public var edgeRelations: [Int] { edgeColumns.indices.filter { edgeColumns[$0] > 0 } }

  /// Whether `layer` gives the logits itself: it then has neither normalisation nor activation, dropout or residual.
  public func givesLogits(_ layer: Int) -> Bool { layer == layers - 1 && jump == .none }

  /// Width of the rows that a layer reads.
  public func inputWidth(of layer: Int) -> Int { layer == 0 ? inputColumns : hidden }

  /// Width of the rows that a layer writes.
  public func outputWidth(of layer: Int) -> Int { givesLogits(layer) ? classes : hidden }

  /// Transform first when the input is sparse or wider than the output: fewer bytes are then aggregated.
  public func order(of layer: Int) -> ProductOrder {
    (layer == 0 && sparseInput) || inputWidth(of: layer) > outputWidth(of: layer) ? .transformFirst : .aggregateFirst
  }

  /// Whether a GAT layer sums its input rows before their product. With heads of `F` columns that costs 4·H·I operations an edge where the
  /// product of a source costs 2·I·H·F, in a faster loop, and keeps `H·I` numbers a destination: worth it for wide heads.
  public func attendsToInputs(_ layer: Int) -> Bool {
    kind == .gat && layer == 0 && !sparseInput && readsFloats && !learnsInputs && !givesLogits(0) && hidden / heads >= 16
      && heads * inputColumns <= 2048
  }

  /// Whether layers weigh neighbours by the number of all their in-neighbours, sampled or not.
  public var readsDegrees: Bool { kind == .gcn || kind == .gin }
}
