import Configuration
import Models
import Partitions

extension PredictionTask {
  /// The model that the options describe.
  ///
  /// - Throws: `ConfigurationError` for a kind of layer that no model has.
  static func modelShape(
    _ training: TrainingConfiguration, table: TableDescription?, edgeTables: [TableDescription], outputs: Int, relations: [String]
  ) throws -> ModelShape {
    guard let kind = ModelShape.Kind(rawValue: training.model.rawValue) else {
      let known = ModelShape.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError("--model", expected: known, found: training.model.rawValue)
    }
    var shape = ModelShape(
      kind: kind, inputColumns: (table?.columns ?? 0) + training.embedding.columns, sparseInput: table?.layout == .sparse,
      hidden: training.hidden,
      layers: training.layerCount, classes: outputs, relations: relations, dropout: training.dropout, inputDropout: training.inputDropout,
      rowNormalise: training.rowNormalise)
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
    shape.learnsInputs = training.learnsInputs
    // Joined rows are float32 whatever they are joined of.
    shape.readsFloats =
      training.learnsInputs ? table != nil || training.embedding.element == .float32 : table?.elementType == .float32
    shape.edgeColumns = ModelShape.edgeColumns(edgeTables, relations: relations.count)
    return shape
  }
}
