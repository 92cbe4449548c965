import Configuration
import Inference
import Kernels
import Models
import Partitions
import Tensors

/// What a trained model means on a partition: the table it reads, and what follows from its logits.
struct InferenceTask {
  /// Table of the fixed input columns; `nil`: all are learned.
  let table: TableDescription?
  let kind: PredictionKind

  /// - Throws: `InputError` for the first thing of the partition that does not fit the model.
  init(_ trained: TrainedModel, manifest: Manifest, directory: String) throws {
    let place = "\(directory)/\(Manifest.fileName)"
    let (shape, training) = (trained.model.shape, trained.training)
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds { throw InputError(place, expected: expected, found: found) }
    }
    try demand(manifest.schema.nodeTypes.count == 1, "one node type", "\(manifest.schema.nodeTypes.count)")
    let relations = manifest.schema.relations.map(\.name)
    try demand(
      relations == shape.relations, "the model's relations \(shape.relations.joined(separator: ", "))", relations.joined(separator: ", "))
    let tables = manifest.tables
    let fixedColumns = shape.inputColumns - training.embedding.columns
    let name = fixedColumns > 0 ? training.fixedFeatures : nil
    table = try name.map { name in
      guard let table = tables.first(where: { $0.name == name }) else {
        let names = tables.isEmpty ? "no table" : tables.map(\.name).joined(separator: ", ")
        throw InputError(place, expected: "a feature table '\(name)'", found: names)
      }
      try demand(
        table.columns == fixedColumns, "\(fixedColumns) columns in table '\(table.name)', as the model reads", "\(table.columns)")
      try demand(
        (table.layout == .sparse) == shape.sparseInput, "\(shape.sparseInput ? "sparse" : "dense") rows in table '\(table.name)'",
        table.layout.rawValue)
      try demand(RowSource.supports(table.elementType), RowSource.expectation(of: table.name), "\(table.elementType)")
      return table
    }
    let edgeTables = shape.readsEdges ? try manifest.edgeTables(named: training.edgeFeatures, place: place) : []
    for relation in shape.edgeRelations {
      let columns = edgeTables.first { $0.slot == relation }?.columns
      try demand(
        columns == shape.edgeColumns[relation],
        "\(shape.edgeColumns[relation]) columns in edge table '\(training.edgeFeatures ?? "")' of '\(relations[relation])', as the model reads",
        columns.map { "\($0)" } ?? "no such table")
    }
    switch training.task {
    case .classification:
      kind = .classes
      let classes = manifest.classCounts[0]
      try demand(classes == 0 || classes == shape.classes, "the model's \(shape.classes) classes, or no labels", "\(classes)")
    case .multilabel, .regression:
      kind = training.task == .multilabel ? .labels : .values
      let targets = tables.first { $0.name == training.targets }?.columns ?? shape.classes
      try demand(targets == shape.classes, "\(shape.classes) columns in table '\(training.targets)', or no such table", "\(targets)")
    }
  }
}
