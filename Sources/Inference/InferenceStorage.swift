import Kernels
public import Tensors

/// Somebody's memory with a float32 matrix in it.
public protocol RowOwner: AnyObject {
  /// The matrix; valid while its owner lives.
  var view: MatrixView { get }
}

extension Matrix: RowOwner {}
extension MappedMatrix: RowOwner {}

/// Where exact inference keeps what it computes, and how much it holds at once; it changes no bit of the result.
///
/// One engine runs over two of them: memory for the evaluation of a model in training, files for results that are kept.
public protocol InferenceStorage: AnyObject {
  associatedtype Rows: RowOwner
  /// Whether joined rows are a step of their own.
  var joins: Bool { get }
  /// Steps that are finished already, on every worker.
  var finishedSteps: Int { get }
  /// Bytes of a round of the exchange, the same on every worker.
  var roundBytes: Int { get }
  /// Rows of a chunk of `step`: a multiple of `Tiles.height`.
  func chunkRows(of step: Int) -> Int
  /// The rows that `step` gives for own part `part`, filled by `fill` unless they are finished.
  func rows(of step: Int, part: Int, columns: Int, fill: (MatrixView) throws -> Void) throws -> Rows
  /// Memory for rows that end with their step.
  func scratch(rows: Int, columns: Int) throws -> any RowOwner
  /// Called when all own parts have a step's rows; a collective call.
  func finish(_ step: Int, of steps: InferenceSteps) throws
}

/// Keeps everything in memory and computes each part as one chunk.
final class MemoryStorage: InferenceStorage {
  private let innerCounts: [Int]
  let joins = false
  let finishedSteps = 0
  let roundBytes = 64 << 20

  init(innerCounts: [Int]) { self.innerCounts = innerCounts }

  func chunkRows(of step: Int) -> Int { (innerCounts.max() ?? 0) / Tiles.height * Tiles.height + Tiles.height }

  func rows(of step: Int, part: Int, columns: Int, fill: (MatrixView) throws -> Void) rethrows -> Matrix {
    let matrix = Matrix(rows: innerCounts[part], columns: columns)
    try fill(matrix.view)
    return matrix
  }

  func scratch(rows: Int, columns: Int) -> any RowOwner { Matrix(rows: rows, columns: columns) }

  func finish(_ step: Int, of steps: InferenceSteps) {}
}
