/// Everything that decides the result of a training run, with its defaults; stored in the run directory.
///
/// Where the work is done (workers, threads, mapped peers) is `ExecutionConfiguration`: it may change how long a run takes but never its bits.
public struct TrainingConfiguration: Codable, Equatable, Sendable {
  /// Kind of the layers; see the layers of the module `Models` for their formulas.
  public enum Model: String, Codable, Sendable, CaseIterable {
    case sage
    case sagePool = "sage-pool"
    case gcn, gat, gatv2, gin

    /// Whether layers sum the rows of neighbours without parameters in the sum.
    var sumsNeighbours: Bool { [.sage, .gcn, .gin].contains(self) }
  }
  public enum Activation: String, Codable, Sendable, CaseIterable { case relu, elu, prelu }
  public enum Norm: String, Codable, Sendable, CaseIterable { case none, layer }
  /// How the outputs of all layers become the logits: the last layer's directly, or a product of one of these with an output weight.
  public enum Jump: String, Codable, Sendable, CaseIterable { case none, last, concatenate, max }
  /// What the first layer gathers.
  public enum FirstHop: String, Codable, Sendable, CaseIterable {
    /// Rows of in-neighbours that every batch samples.
    case sampled
    /// All in-neighbours, aggregated once for every node and kept beside the partition: the outermost hop leaves every batch. Another
    /// estimator than the sampled one: less work, and a first layer without the noise of sampling.
    case exact
  }
  /// What is predicted of a node, and with which loss.
  public enum Task: String, Codable, Sendable, CaseIterable {
    /// One class of several; softmax cross-entropy.
    case classification
    /// Any number of labels; binary cross-entropy of each.
    case multilabel
    /// Real numbers; mean squared error.
    case regression
  }
  public enum Optimizer: String, Codable, Sendable, CaseIterable { case adam, adamw, sgd }
  /// How the learning rate changes over the run, after the warm-up.
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    case constant, step, linear, cosine

    /// Whether the rate of a step depends on the number of epochs of the run.
    public var dependsOnEpochs: Bool { self == .linear || self == .cosine }
  }
  /// How the batches of an epoch are drawn; see `BatchPlan`.
  public enum Order: String, Codable, Sendable, CaseIterable { case balanced, global }
  /// Which in-neighbours a batch takes of a node with more than the fan-out.
  public enum Sampler: String, Codable, Sendable, CaseIterable {
    /// As many as the fan-out, every subset equally likely.
    case uniform
    /// LABOR-0: the fan-out on average, with one random number for each source, so that nodes of a batch share sources.
    case labor
  }
  /// How long a node keeps its sample.
  public enum Resample: String, Codable, Sendable, CaseIterable { case step, epoch }
  /// Score on the validation set by which models are compared.
  public enum Metric: String, Codable, Sendable, CaseIterable {
    /// Accuracy, micro F1 of several labels, or the error of a regression.
    case automatic = "auto"
    case accuracy, loss, auc
    case microF1 = "micro-f1"
    case macroF1 = "macro-f1"
    case averagePrecision = "average-precision"
  }

  // The model.
  public var model = Model.sage
  /// Width of every hidden layer, all heads together.
  public var hidden = 256
  /// Attention heads of hidden layers, side by side; a divisor of `hidden`.
  public var heads = 1
  /// Attention heads of the layer that gives the logits, averaged.
  public var outputHeads = 1
  public var activation = Activation.relu
  public var norm = Norm.none
  /// Divides what a layer's aggregation and products give by its Euclidean norm, row by row.
  public var l2Normalise = false
  /// Adds a hidden layer's input to its output, through a weight where their widths differ.
  public var residual = false
  public var jump = Jump.none
  /// Whether GCN and attention layers give every node an edge from itself.
  public var selfLoops = true
  /// Whether GIN learns how much a node's own row counts.
  public var learnEpsilon = false
  /// Neighbours sampled by each layer, input hop first; its length is the number of layers.
  public var fanout = try! Fanout(parsing: "15,10,5")  // Safe: a literal.
  public var firstHop = FirstHop.sampled
  /// Probability that a hidden activation is dropped.
  public var dropout: Float = 0.5
  /// Probability that an input feature is dropped.
  public var inputDropout: Float = 0
  /// Probability that an attention coefficient is dropped.
  public var attentionDropout: Float = 0

  // The data.
  /// Table of input features; `none`: learned columns alone.
  public var features = "feat"
  public var embedding = EmbeddingConfiguration()
  /// Table of rows of the edges, which layers of kind `sage` read beside those of the nodes; `nil`: none.
  public var edgeFeatures: String?
  /// Divides every feature row by its sum, as the published protocol of the Planetoid graphs does.
  public var rowNormalise = false
  /// Name of the split; empty: the first of the partition.
  public var split = ""

  // What is learned.
  public var task = Task.classification
  /// Table of the targets of `multilabel` and `regression`.
  public var targets = "label"
  public var classWeights = ClassWeights.none
  /// Share of a label's probability spread evenly over all classes.
  public var labelSmoothing: Float = 0

  // Batches.
  /// Seeds of one step over all parts.
  public var batchSize = 1000
  /// Seeds of one step and part; replaces `batchSize` by its product with the number of parts.
  public var batchSizePerPart: Int?
  public var order = Order.balanced
  /// Sampler of the training batches; sampled evaluation is uniform.
  public var sampler = Sampler.uniform
  public var resample = Resample.step
  /// Where sums over in-neighbours are computed, forward and backward. On a machine with processing-in-memory an epoch is one step over all
  /// training nodes and their whole neighbourhoods: `batchSize` is not used.
  public var aggregate = AggregationPlace.cpu
  public var aggregateType = AggregationPlace.Element.float32
  public var epochs = 10
  public var seed: UInt64 = 0

  // Optimisation.
  public var optimizer = Optimizer.adam
  public var learningRate: Float = 0.003
  public var schedule = Schedule.constant
  /// Epochs over which the learning rate grows evenly from 0.
  public var warmup = 0
  /// Epochs between two drops of the schedule `step`, and what each multiplies the rate by.
  public var stepEvery = 30
  public var stepFactor: Float = 0.1
  /// Momentum of SGD.
  public var momentum: Float = 0
  /// Decay of weight matrices (not of biases): one value, or one for each layer. Added to the gradient as an L2 penalty; decoupled
  /// from it by AdamW.
  public var weightDecay: [Float] = [0]
  /// Largest Euclidean norm of a step's gradient; a longer one is scaled down to it. 0: no limit.
  public var clipNorm: Float = 0

  // Evaluation.
  /// Evaluates the validation and test sets every so many epochs, and after the last; 0: after the last only.
  public var evalEvery = 1
  /// In-neighbours sampled when evaluating, input hop first; `nil`: all, exactly.
  public var evalFanout: Fanout?
  public var metric = Metric.automatic
  /// Ends the run when so many evaluations in a row have not bettered the best; 0: never.
  public var patience = 0

  public init() {}

  /// Layers of the model.
  public var layerCount: Int { fanout.hops.count }

  /// Whether an epoch is one step over all training nodes.
  public var isFullBatch: Bool { aggregate != .cpu }

  /// Seeds of one step over `parts` parts, unless it has all.
  public func globalBatchSize(parts: Int) -> Int { batchSizePerPart.map { $0 * parts } ?? batchSize }

  /// Weight decay of `layer`; the output weight of a jumping connection counts to the last.
  public func weightDecay(ofLayer layer: Int) -> Float { weightDecay.count == 1 ? weightDecay[0] : weightDecay[layer] }
}
