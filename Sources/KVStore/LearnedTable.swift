public import Kernels
public import Partitions
import Synchronization
public import Tensors

/// Rows that training moves: the rows of this worker's own parts, and what the optimiser keeps beside them.
///
/// Owner-compute: whoever reads a row asks its owner for it as of a step, and every part pushes its gradients to the owners once per step,
/// possibly none. When all parts have pushed, the owner adds the gradients of each row along the fixed tree over parts and moves the row,
/// once. Rows never change between two steps, so a row has the same bits whoever reads it and wherever it lies.
///
/// Memory: the rows and their state; besides, two steps' gradients of touched rows. Complexity of a step: O(gradients).
public final class LearnedTable: @unchecked Sendable {
  // Sendable: rows and state change in `apply` alone, which begins when every part has pushed its gradients, and hence has read its rows.
  /// What a table is and how it learns.
  public struct Options: Equatable, Sendable {
    public var columns: Int
    /// Type of the stored rows, `float32` or `float16`: what a step computes in float32 is rounded to it.
    public var elementType = ElementType.float32
    public var optimizer = RowOptimizer.adagrad()
    /// Whether the sum over parts is divided by the number of parts that use the row.
    public var averages = false
    public var seed: UInt64 = 0
    /// Seconds that `apply` waits for other workers' gradients.
    public var patience = 60.0

    public init(columns: Int) { self.columns = columns }
  }

  /// The rows of one own part.
  struct PartRows {
    let part: Int
    let count: Int
    let values: Buffer<UInt8>
    /// One for each of the rule's arrays, shape (rows, state width).
    let state: [Buffer<Float>]
  }

  public let options: Options
  /// The rows of own parts, in place, and the number by which messages name the table.
  public let shards: TableShards
  /// Own parts, increasing.
  let parts: [PartRows]
  let inbox: GradientInbox
  let book: PartitionBook
  /// Its segments are the ordinals of `parts`.
  let lookup: OwnerLookup
  private let bases: Buffer<RowMove.Base>
  private let touched = TouchedRows()
  private let listener = Mutex<(@Sendable () -> Void)?>(nil)
  static let elementTypes: [ElementType] = [.float32, .float16]

  /// Makes the rows of own parts with their initial values.
  ///
  /// Element `c` of a row is `(2u − 1)·√(3/D)`, with `u` the 24-bit float of word `c mod 4` of the block (original id, 0, c / 4) under the
  /// key (seed, initial value, 0, 1 + node type): rows have the expected length 1.
  ///
  /// - Parameters:
  ///   - number: Names the table in messages.
  ///   - nodeType: Every node of the type has a row.
  ///   - original: The user's number of each of the own parts' nodes of the type, in local order.
  public init(
    number: Int, name: String, nodeType: Int, options: Options, book: PartitionBook, original: [Int: ArrayView<Int64>], threads: Threads
  ) {
    precondition(options.columns >= 1 && Self.elementTypes.contains(options.elementType), "rows of \(options.elementType)")
    self.options = options
    self.book = book
    let rowBytes = options.elementType.rowBytes(columns: options.columns)
    let width = options.optimizer.stateWidth(columns: options.columns)
    parts = original.sorted { $0.key < $1.key }.map { part, original in
      precondition(original.count == book.innerRange(of: part, type: nodeType).count, "one number for each node of part \(part)")
      return PartRows(
        part: part, count: original.count, values: Buffer(count: original.count * rowBytes),
        state: options.optimizer.stateNames.map { _ in Buffer(count: original.count * width) })
    }
    bases = Buffer(
      copying: parts.map { part in
        let values = UnsafeMutableRawPointer(part.values.pointer)
        // Without state nothing is read there.
        let first = part.state.first?.pointer ?? values.assumingMemoryBound(to: Float.self)
        return RowMove.Base(values: values, first: first, second: part.state.last?.pointer ?? first)
      })
    let description = TableDescription(
      name: name, nodeType: nodeType, layout: .dense, columns: options.columns, elementType: options.elementType, strideBytes: rowBytes)
    let tables = parts.map { part in
      let rows = DenseRows(
        rows: part.count, columns: options.columns, strideBytes: rowBytes, elementType: options.elementType, bytes: part.values.view)
      return (part.part, FeatureTable.dense(rows))
    }
    shards = TableShards(number: number, description: description, shards: Dictionary(uniqueKeysWithValues: tables))
    inbox = GradientInbox(partCount: book.partCount, columns: options.columns)
    lookup = OwnerLookup(
      book: book, slot: nodeType, segments: Dictionary(uniqueKeysWithValues: parts.enumerated().map { ($1.part, $0) }))
    for part in parts { fill(part, original: original[part.part]!, threads) }  // The parts are those of the dictionary.
  }

  /// How many steps are applied: rows are as of the step of this number.
  public var appliedSteps: Int { inbox.appliedSteps }

  /// Rows of own parts.
  public var rowCount: Int { parts.reduce(0) { $0 + $1.count } }
  /// Bytes of the own rows, and of what the optimiser keeps beside them.
  public var valueBytes: Int { parts.reduce(0) { $0 + $1.values.count } }
  public var stateBytes: Int { parts.reduce(0) { $0 + $1.state.reduce(0) { $0 + 4 * $1.count } } }

  /// Calls `body` whenever a step has been applied, on the thread that applies it.
  public func whenApplied(_ body: @escaping @Sendable () -> Void) { listener.withLock { $0 = body } }

  /// Goes on after so many steps; for rows that were restored, before anybody asks for one.
  public func restart(after steps: Int) { inbox.restart(after: steps) }

  /// Waits until all parts have pushed for the step at hand, and moves every touched row once.
  ///
  /// - Parameters:
  ///   - learningRate: Rate of this step.
  ///   - gradientScale: What summed gradients are multiplied by: 1 / normaliser.
  /// - Throws: `InputError` when some part has pushed nothing for too long.
  public func apply(learningRate: Double, gradientScale: Double, threads: Threads) throws {
    let pushes = try inbox.beginApplying(patience: options.patience) { place }
    touched.fill(pushes, columns: options.columns, lookup: lookup, threads: threads)
    let step = OptimizerStep(number: inbox.appliedSteps + 1, learningRate: learningRate, gradientScale: gradientScale)
    let move = RowMove(options, bases: bases.pointer, partCount: book.partCount, step: step, touched: touched.view)
    threads.forEachChunk(of: touched.count, by: 2_048) { move.move($0) }
    inbox.endApplying()
    listener.withLock { $0 }?()
  }

  /// Where an own part's rows and arrays of state lie, for measurements.
  package func memory(ofPart part: Int) -> (values: UnsafeRawPointer, state: [UnsafeRawPointer]) {
    guard let rows = parts.first(where: { $0.part == part }) else { preconditionFailure("part \(part) is another worker's") }
    return (UnsafeRawPointer(rows.values.pointer), rows.state.map { UnsafeRawPointer($0.pointer) })
  }

  /// What errors name.
  var place: String { "learned table '\(shards.description.name)'" }

  private func fill(_ part: PartRows, original: ArrayView<Int64>, _ threads: Threads) {
    let key = RandomKey(seed: options.seed, purpose: .initialValue, layer: 0, relation: 1 + shards.description.nodeType)
    let (columns, type) = (options.columns, options.elementType)
    let bound = (3 / Float(columns)).squareRoot()
    let base = UnsafeMutableRawPointer(part.values.pointer)
    nonisolated(unsafe) let target = base  // Safe: each chunk writes its own rows.
    threads.forEachChunk(of: part.count, by: 4_096) { rows in
      for row in rows {
        let id = UInt64(bitPattern: original.pointer[row])
        for block in 0..<(columns + 3) / 4 {
          let words = key.bits(id: id, step: 0, block: UInt32(block))
          for word in 0..<min(4, columns - 4 * block) {
            let value = (2 * unitFloat(words[word]) - 1) * bound
            let element = row &* columns &+ 4 &* block &+ word
            if type == .float32 {
              target.storeBytes(of: value, toByteOffset: 4 &* element, as: Float.self)
            } else {
              target.storeBytes(of: Float16(value), toByteOffset: 2 &* element, as: Float16.self)
            }
          }
        }
      }
    }
  }
}
