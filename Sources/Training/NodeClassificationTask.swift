import Configuration
import Inference
import Kernels
import Models
import Partitions
import Tensors

/// What a configuration means on a given partition: which nodes, which table, which model.
struct NodeClassificationTask {
  /// Type of the training nodes.
  let nodeType: Int
  let table: TableDescription
  /// In-edges taken by layer (input hop first) and relation.
  let limits: [[Int]]
  let modelShape: ModelShape
  /// Score on the validation set by which models are compared.
  let metric: Score

  /// - Throws: `InputError` or `ConfigurationError` when the partition lacks what the task needs.
  init(manifest: Manifest, directory: String, training: TrainingConfiguration) throws {
    let place = "\(directory)/\(Manifest.fileName)"
    let types = manifest.schema.nodeTypes.indices
    guard let type = types.first(where: { type in manifest.parts.contains { $0.train[type] > 0 } }) else {
      throw InputError(place, expected: "training nodes", found: "an empty training split")
    }
    guard manifest.classCounts[type] > 0 else { throw InputError(place, expected: "labels of the training nodes", found: "none") }
    let tables = manifest.tables.filter { $0.nodeType == type }
    guard let table = tables.first(where: { $0.name == training.features }) else {
      let names = tables.isEmpty ? "no table" : tables.map(\.name).joined(separator: ", ")
      throw InputError(place, expected: "a feature table '\(training.features)'", found: names)
    }
    guard RowSource.supports(table.elementType) else {
      throw InputError(place, expected: "float32 rows in table '\(table.name)'", found: "\(table.elementType)")
    }
    metric = Score(training.metric, task: training.task)
    nodeType = type
    self.table = table
    let relations = manifest.schema.relations.map(\.name)
    limits = try training.fanout.limits(relations: relations)
    modelShape = try Self.modelShape(training, table: table, classes: manifest.classCounts[type], relations: relations)
  }

  private static func modelShape(
    _ training: TrainingConfiguration, table: TableDescription, classes: Int, relations: [String]
  ) throws -> ModelShape {
    guard let kind = ModelShape.Kind(rawValue: training.model.rawValue) else {
      let known = ModelShape.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError("--model", expected: known, found: training.model.rawValue)
    }
    var shape = ModelShape(
      kind: kind, inputColumns: table.columns,
      sparseInput: table.layout == .sparse, hidden: training.hidden, layers: training.layerCount, classes: classes, relations: relations,
      dropout: training.dropout, inputDropout: training.inputDropout, rowNormalise: training.rowNormalise)
    shape.activation = ModelShape.Activation(rawValue: training.activation.rawValue)!  // The same cases by name.
    shape.norm = ModelShape.Norm(rawValue: training.norm.rawValue)!
    shape.jump = ModelShape.Jump(rawValue: training.jump.rawValue)!
    shape.l2Normalise = training.l2Normalise
    shape.residual = training.residual
    shape.selfLoops = training.selfLoops
    shape.learnEpsilon = training.learnEpsilon
    shape.heads = training.heads
    shape.outputHeads = training.outputHeads
    shape.attentionDropout = training.attentionDropout
    return shape
  }
}

extension Score {
  /// What `--metric` means for a task.
  init(_ metric: TrainingConfiguration.Metric, task: TrainingConfiguration.Task) {
    self =
      switch metric {
      case .automatic:
        switch task {
        case .classification: .accuracy
        case .multilabel: .microF1
        case .regression: .loss
        }
      case .accuracy: .accuracy
      case .loss: .loss
      case .auc: .auc
      case .microF1: .microF1
      case .macroF1: .macroF1
      case .averagePrecision: .averagePrecision
      }
  }
}
