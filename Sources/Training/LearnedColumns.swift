import Collectives
import Configuration
import Graphs
import KVStore
import Kernels
import Loading
import Messaging
import Partitions
import Tensors

/// The learned input columns of a run: rows of own parts, how batches read them, and how their gradients come back.
///
/// All of it belongs to the training thread, with connections of its own: rows are found when a step's batches are at hand, so that
/// batches may be loaded ahead.
final class LearnedColumns {
  let table: LearnedTable
  let input: LearnedInput
  /// Connections to the owners of other parts.
  let client: Client?
  let configuration: EmbeddingConfiguration
  private let push: GradientPush
  private let schedule: LearningRateSchedule
  private let threads: Threads
  private let gradient = GrowingBuffer<Float>()

  /// Makes the rows of own parts with their initial values and serves them; `nil` where nothing is learned. A collective call.
  static func open(_ task: PredictionTask, worker: Worker, stepsPerEpoch: Int, threads: Threads) throws -> LearnedColumns? {
    guard task.training.learnsInputs else { return nil }
    return try LearnedColumns(task, worker: worker, stepsPerEpoch: stepsPerEpoch, threads: threads)
  }

  private init(_ task: PredictionTask, worker: Worker, stepsPerEpoch: Int, threads: Threads) throws {
    let (training, type) = (task.training, task.nodeType)
    configuration = training.embedding
    self.threads = threads
    var original: [Int: ArrayView<Int64>] = [:]
    for part in worker.parts {
      let range = part.book.innerRange(of: part.part, type: type)
      original[part.part] = part.original.slice(Int(range.lowerBound - part.firstGlobalID)..<Int(range.upperBound - part.firstGlobalID))
    }
    table = LearnedTable(
      number: worker.freeTableNumber, name: "learned", nodeType: type, options: LearnedTable.Options(training), book: worker.book,
      original: original, threads: threads)
    client = try worker.open(table)
    let workers = worker.workerOfPart
    input = LearnedInput(table, store: RowStore(shards: table.shards, book: worker.book, workers: workers, client: client))
    push = GradientPush(table, workers: workers, rank: worker.group.rank, client: client)
    var schedule = training
    schedule.learningRate = training.embedding.learningRate
    self.schedule = LearningRateSchedule(schedule, stepsPerEpoch: stepsPerEpoch)
  }

  /// Finds the rows that a step's batches read.
  func resolve(_ batches: [PartBatch]) throws { try input.resolve(batches.map(\.inputIDs), threads: threads) }

  /// Input rows of own part number `index`; valid until those of the next part are asked for.
  func rows(_ index: Int, of batch: PartBatch) -> InputRows { input.rows(index, after: batch.rows, threads: threads) }

  /// Where backward writes the gradient of a batch's input rows.
  func inputGradient(of batch: PartBatch) -> MatrixView {
    let (rows, columns) = (batch.inputIDs.count, table.options.columns + (batch.rows?.columns ?? 0))
    gradient.reset(to: rows * columns)
    return MatrixView(base: gradient.pointer, rows: rows, columns: columns, stride: columns)
  }

  /// Takes the gradient that backward has written; returns whether all of it is finite.
  func add(_ batch: PartBatch, gradient: MatrixView) throws -> Bool {
    let learned = gradient.columns(gradient.columns - table.options.columns..<gradient.columns)
    return try push.add(part: batch.part, nodes: batch.inputIDs, gradient: learned, threads: threads)
  }

  /// Brings the gradients of all own parts to their owners.
  func send() throws { try push.send() }

  /// Moves own rows once all parts' gradients are there.
  ///
  /// - Parameters:
  ///   - normaliser: What summed gradients are divided by; nothing is divided by 0.
  ///   - runStep: The step's number over the whole run, from 0.
  func update(normaliser: Double, runStep: Int) throws {
    try table.apply(
      learningRate: schedule.rate(step: runStep), gradientScale: 1 / (normaliser > 0 ? normaliser : 1), threads: threads)
  }
}

extension LearnedTable.Options {
  /// - Precondition: Columns are learned.
  init(_ training: TrainingConfiguration) {
    let embedding = training.embedding
    self.init(columns: embedding.columns)
    elementType = ElementType(embedding.element)
    optimizer =
      switch embedding.optimizer {
      case .sgd: .descent
      case .adagrad: .adagrad()
      case .rowwiseAdagrad: .rowAdagrad()
      case .adam: .adam()
      }
    averages = embedding.gradient == .mean
    seed = training.seed
  }
}

extension ElementType {
  init(_ element: EmbeddingConfiguration.Element) {
    self =
      switch element {
      case .float32: .float32
      case .float16: .float16
      }
  }
}
