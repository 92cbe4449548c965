import Configuration
import Foundation
import KVStore
import Kernels
import Partitions
import Tensors

/// The input rows of a trained model: a partition's table as it is, or the rows that the run has learned, after it where there is one.
struct LearnedInference {
  /// Options of the learned columns; `nil`: there are none.
  private let embedding: EmbeddingConfiguration?
  private let folder: String
  private let steps: String
  /// Checksum of the partition's manifest.
  private let partition: String

  /// - Throws: `SystemError` when the partition's manifest cannot be read.
  init(_ trained: TrainedModel, run: String, partitions: String) throws {
    embedding = trained.training.learnsInputs ? trained.training.embedding : nil
    folder = "\(run)/\(LearnedFiles.folder)"
    steps = trained.learnedSteps ?? "none"
    partition = try Checksum.of(file: "\(partitions)/\(Manifest.fileName)")
  }

  /// The input rows of a part's inner nodes.
  ///
  /// - Parameter fixed: Table of the fixed columns; `nil`: all are learned.
  /// - Throws: `SystemError` when a file cannot be read, `InputError` when it is of another model or partition.
  func table(of part: LocalPartition, after fixed: TableDescription?, threads: Threads) throws -> FeatureTable {
    let table = fixed.map { part.nodes[0].tables[$0.name]! }  // The manifest has it, so every part does.
    guard let embedding else {
      guard let table else { preconditionFailure("a model without input columns") }
      return table
    }
    let learned = try rows(of: part, embedding)
    guard case .dense(let left)? = table else { return .dense(learned) }
    return .dense(Self.join(left, learned, threads: threads))
  }

  /// Bytes of joined rows, which lie in memory of their own.
  func joinedBytes(_ tables: [FeatureTable], after fixed: TableDescription?) -> Int {
    embedding == nil || fixed == nil ? 0 : tables.reduce(0) { $0 + 4 * $1.rows * $1.columns }
  }

  private func rows(of part: LocalPartition, _ embedding: EmbeddingConfiguration) throws -> DenseRows {
    let path = "\(folder)/\(LearnedTable.fileName(part: part.part))"
    let (rows, metadata) = try LearnedTable.rows(
      at: path, count: part.innerCount, columns: embedding.columns, elementType: ElementType(embedding.element))
    func demand(_ key: String, _ value: String, _ what: String) throws {
      let found = metadata[key] ?? "none"
      guard found == value else { throw InputError(path, expected: "rows of \(what) \(value)", found: "rows of \(found)") }
    }
    try demand(LearnedFiles.partitionKey, partition, "the partition")
    try demand(LearnedFiles.stepsKey, steps, "the model, after step")
    return rows
  }

  private static func join(_ left: DenseRows, _ right: DenseRows, threads: Threads) -> DenseRows {
    let columns = left.columns + right.columns
    let floats = Buffer<Float>(count: left.rows * columns)
    let target = MatrixView(base: floats.pointer, rows: left.rows, columns: columns, stride: columns)
    for (rows, place) in [(left, 0..<left.columns), (right, left.columns..<columns)] {
      let references = Buffer(copying: (0..<rows.rows).map { RowReference(segment: 0, row: $0) })
      withExtendedLifetime(references) {
        let source = RowSource(
          InputRows(
            segments: .dense([RowSegment(rows)]), references: UnsafeBufferPointer(references.elements), columns: rows.columns),
          segments: SegmentTable())
        threads.forEachChunk(of: rows.rows, by: Tiles.height) { tile in
          Gather.copy(from: tile.lowerBound, of: source, into: target.rows(tile).columns(place))
        }
      }
    }
    return DenseRows(floats: floats, rows: left.rows, columns: columns)
  }
}
