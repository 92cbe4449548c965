import Configuration
import Inference
import Kernels
import Models
import Partitions
import Tensors

/// What a configuration means on a given partition: which nodes, which tables, which model, which loss and which scores.
struct PredictionTask {
  /// Position of the split in `Manifest.splits`.
  let split: Int
  /// Type of the training nodes.
  let nodeType: Int
  /// Table of the fixed input columns; `nil`: all are learned.
  let table: TableDescription?
  /// The rows that a model reads: the table's, or joined ones with the learned columns last.
  let inputTable: TableDescription
  /// Tables of the rows of edges, in the order of the relations that have one; empty where the model reads none.
  let edgeTables: [TableDescription]
  /// Table of the targets; `nil`: class labels.
  let targetTable: TableDescription?
  /// In-edges taken by layer (input hop first) and relation.
  let limits: [[Int]]
  /// The same when evaluating; `nil`: all, exactly.
  let evaluationLimits: [[Int]]?
  let modelShape: ModelShape
  /// Score on the validation set by which models are compared.
  let metric: Score
  let training: TrainingConfiguration

  /// - Throws: `InputError` or `ConfigurationError` when the partition lacks what the task needs.
  init(manifest: Manifest, directory: String, training: TrainingConfiguration) throws {
    let place = "\(directory)/\(Manifest.fileName)"
    let split = try manifest.split(named: training.split)
    let types = manifest.schema.nodeTypes.indices
    guard let split, let type = types.first(where: { type in manifest.parts.contains { $0.splits[split].train[type] > 0 } }) else {
      throw InputError(place, expected: "training nodes", found: "an empty training split")
    }
    if training.patience > 0, !manifest.parts.contains(where: { $0.splits[split].validation[type] > 0 }) {
      throw InputError(place, expected: "validation nodes for --patience", found: "an empty validation split")
    }
    let tables = manifest.tables.filter { $0.nodeType == type }
    let names = tables.isEmpty ? "no table" : tables.map(\.name).joined(separator: ", ")
    let table = try Self.fixedTable(training, tables: tables, place: place)
    let outputs: Int
    if training.task == .classification {
      targetTable = nil
      outputs = manifest.classCounts[type]
      guard outputs > 0 else {
        throw InputError(place, expected: "labels of the training nodes", found: "none; for other targets name a --task (tables: \(names))")
      }
    } else {
      let targets = try Self.targets(training, tables: tables, place: place, isLabelled: manifest.classCounts[type] > 0)
      targetTable = targets
      outputs = targets.columns
    }
    if case .given(let weights) = training.classWeights, weights.count != outputs {
      throw ConfigurationError("--class-weights", expected: "\(outputs) numbers, one for each class", found: "\(weights.count)")
    }
    metric = Score(training.metric, task: training.task)
    self.split = split
    nodeType = type
    self.table = table
    if training.learnsInputs {
      inputTable = Self.learnedTable(training, after: table, nodeType: type)
    } else {
      inputTable = table!  // Without learned columns there are fixed ones.
    }
    self.training = training
    let relations = manifest.schema.relations.map(\.name)
    limits = try training.fanout.limits(relations: relations)
    evaluationLimits = try training.evalFanout?.limits(relations: relations, option: "--eval-fanout")
    edgeTables = try manifest.edgeTables(named: training.edgeFeatures, place: place)
    modelShape = try Self.modelShape(training, table: table, edgeTables: edgeTables, outputs: outputs, relations: relations)
  }

  /// The table of the fixed columns. Beside learned ones they are dense; where the graph has no table, there are none.
  private static func fixedTable(_ training: TrainingConfiguration, tables: [TableDescription], place: String) throws -> TableDescription? {
    guard let name = training.fixedFeatures, !(training.learnsInputs && tables.isEmpty) else { return nil }
    guard let table = tables.first(where: { $0.name == name }) else {
      let names = tables.isEmpty ? "no table" : tables.map(\.name).joined(separator: ", ")
      throw InputError(place, expected: "a feature table '\(name)'", found: names)
    }
    guard RowSource.supports(table.elementType) else {
      throw InputError(place, expected: RowSource.expectation(of: table.name), found: "\(table.elementType)")
    }
    guard !training.learnsInputs || table.layout == .dense else {
      throw InputError(
        place, expected: "dense rows in table '\(name)' beside learned columns (--features none reads these alone)", found: "sparse ones")
    }
    return table
  }

  /// The rows that the model reads where columns are learned.
  private static func learnedTable(_ training: TrainingConfiguration, after table: TableDescription?, nodeType: Int) -> TableDescription {
    let element = table == nil ? ElementType(training.embedding.element) : .float32
    let columns = training.embedding.columns + (table?.columns ?? 0)
    return TableDescription(
      name: table == nil ? "learned" : "learned after \(table?.name ?? "")", nodeType: nodeType, layout: .dense, columns: columns,
      elementType: element, strideBytes: element.rowBytes(columns: columns))
  }

  private static func targets(
    _ training: TrainingConfiguration, tables: [TableDescription], place: String, isLabelled: Bool
  ) throws -> TableDescription {
    let expected = "a table '\(training.targets)' of targets for --task \(training.task.rawValue)"
    guard let table = tables.first(where: { $0.name == training.targets }) else {
      let names = (isLabelled ? ["class labels"] : []) + tables.map { "table \($0.name)" }
      throw InputError(place, expected: expected, found: names.isEmpty ? "no table" : names.joined(separator: ", "))
    }
    guard table.layout == .dense, table.elementType == .float32 else {
      throw InputError(place, expected: expected + " with dense float32 rows", found: "\(table.layout.rawValue) \(table.elementType)")
    }
    return table
  }

  /// Outputs of the model for a node.
  var outputs: Int { modelShape.classes }

  /// Whether AUC and average precision are computed: where they are usual and cheap, and where the metric asks for them.
  var ranks: Bool {
    switch training.task {
    case .classification: outputs == 2 || metric == .auc || metric == .averagePrecision
    case .multilabel: true
    case .regression: false
    }
  }
}
