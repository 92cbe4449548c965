import Kernels
import Tensors

/// How exact inference divides the memory that it may hold; it changes no bit of the result.
///
/// Held by all of them together: `fixed` bytes that grow with the part (references of local ids, degrees, factors of rows, weights), a
/// quarter of the rest as scratch of a chunk, a quarter as copies of rows to be sent, and half for rows that end with their layer
/// (products, rows of halo nodes), which go to temporary files beyond that. Rows in files are mapped: their pages are the page
/// cache's and not counted; nor are the edges and features of the partition, and the buffers of MPI.
public struct InferenceMemory: Equatable, Sendable {
  /// Bytes that no choice changes.
  public let fixed: Int
  /// Rows of a chunk of each step.
  public let chunkRows: [Int]
  /// Bytes of a round of the exchange on this worker.
  public let roundBytes: Int
  /// Bytes of layer-long rows in memory.
  public let scratchBytes: Int
}

extension LayerwiseInference {
  /// Divides `budget` bytes.
  ///
  /// - Throws: `InputError` when not even a tile of rows fits, naming the least that does.
  public func memory(budget: Int, steps: InferenceSteps) throws -> InferenceMemory {
    let (fixed, least) = (fixedBytes, leastMemory(steps))
    guard budget >= least else {
      throw InputError("--memory", expected: "at least \(least) bytes for this model and these parts", found: "\(budget)")
    }
    let quarter = (budget - fixed) / 4
    return InferenceMemory(
      fixed: fixed, chunkRows: steps.steps.map { max(1, quarter / tileBytes($0)) * Tiles.height }, roundBytes: quarter,
      scratchBytes: 2 * quarter)
  }

  /// Bytes of the smallest budget: a tile of rows, or a part's where the aggregator takes whole layers, and a row to each other worker at a
  /// time.
  public func leastMemory(_ steps: InferenceSteps) -> Int {
    let sentRow = steps.steps.map(sentColumns).reduce(0, max) * 4 * (group.size - 1)
    let largestPart = parts.map(\.innerCount).max() ?? 0
    let tiles = aggregator.takesWholeLayers ? max(1, (largestPart + Tiles.height - 1) / Tiles.height) : 1
    return fixedBytes + 4 * max(tiles * steps.steps.map(tileBytes).reduce(0, max), sentRow)
  }

  /// Bytes held whatever the chunks.
  private var fixedBytes: Int {
    let locals = parts.map { $0.innerCount + $0.haloCount }
    let perLocal = (model.shape.readsDegrees ? 4 : 0) + (model.shape.rowNormalise ? 4 : 0)
    return heldInputBytes + halo.residentBytes + perLocal * locals.reduce(0, +) + model.inferenceSourceBytes * (locals.max() ?? 0)
      + 4 * model.parameters.count + (aggregator.takesWholeLayers ? wholeLayerBytes : 0)
  }

  /// Bytes of the widest rows of a part as an aggregator of whole layers gets and gives them, twice each: as they are, and as it adds them.
  private var wholeLayerBytes: Int {
    let columns = (0..<model.shape.layers).map { layer in
      max(model.transformedColumns(of: layer), model.shape.relations.count * model.shape.inputWidth(of: layer))
    }
    let rows = parts.map { 2 * $0.innerCount + $0.haloCount }
    return 8 * (columns.max() ?? 0) * (rows.max() ?? 0)
  }

  /// Bytes of scratch for a tile of rows.
  private func tileBytes(_ step: InferenceSteps.Step) -> Int {
    switch step {
    case .join: return 1
    case .head: return Tiles.height * model.headScratchBytes
    case .layer(let layer):
      // Columns and values of the entries, in buffers that grow by a half.
      var sparse = 0
      if layer == 0, case .tables(let tables) = input { sparse = 12 * InferenceInput.largestTile(of: tables) }
      return Tiles.height * model.inferenceScratchBytes(of: layer) + model.inferenceEdgeScratchBytes * mostEdges + sparse
    }
  }

  /// In-edges of the tile that has most, where their rows are read.
  private var mostEdges: Int {
    guard model.shape.readsEdges else { return 0 }
    return edges.reduce(0) { most, edges in
      stride(from: 0, to: edges.indptr.count - 1, by: Tiles.height).reduce(most) { most, row in
        max(most, Int(edges.indptr[min(edges.indptr.count - 1, row + Tiles.height)] - edges.indptr[row]))
      }
    }
  }

  /// Columns of the rows that travel.
  private func sentColumns(_ step: InferenceSteps.Step) -> Int {
    guard case .layer(let layer) = step else { return 0 }
    let transformed = model.transformedColumns(of: layer)
    return transformed > 0 ? transformed : model.shape.inputWidth(of: layer)
  }
}
