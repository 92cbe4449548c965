import Kernels
import Sampling
import Tensors

extension Model {
  /// What the first layer reads: dense rows in place and sparse rows copied, normalised and dropped as the shape says.
  ///
  /// Dense rows are materialised only under input dropout.
  func prepare(_ rows: InputRows, block: Block, dropout: Dropout?, _ workspace: ModelWorkspace, _ threads: Threads) -> LayerInput {
    workspace.inputMaskScale = nil
    if shape.sparseInput {
      workspace.entries.fill(
        rows, 0..<rows.count, normalise: shape.rowNormalise, dropout: dropout, ids: block.dropoutKeys, threads: threads)
      return .sparse(workspace.entries, first: 0)
    }
    let source = RowSource(rows, segments: workspace.segments)
    let scales = rowScales(of: source, workspace.rowScales, threads)
    guard let dropout else { return .rows(source, scales: scales) }
    workspace.inputMaskScale = dropout.scale
    let matrix = workspace.inputRows.matrix(rows: rows.count, columns: rows.columns)
    let mask = workspace.inputMask.mask(rows: rows.count, columns: rows.columns)
    nonisolated(unsafe) let factors = scales
    threads.forEachChunk(of: rows.count, by: Tiles.height) { range in
      let tile = matrix.rows(range)
      Gather.copy(from: range.lowerBound, of: source, scales: factors, into: tile)
      dropout.fill(mask.rows(range), ids: block.dropoutKeys + range.lowerBound)
      Activation.apply(mask.rows(range), scale: dropout.scale, to: tile)
    }
    return .matrix(matrix)
  }

  /// Factors of dense rows under row normalisation, in `buffer`; else `nil`.
  func rowScales(of source: RowSource, _ buffer: GrowingBuffer<Float>, _ threads: Threads) -> UnsafePointer<Float>? {
    guard shape.rowNormalise else { return nil }
    buffer.resize(to: source.count)
    threads.forEachChunk(of: source.count, by: Tiles.height) { RowNormalisation.scales(of: source, $0, into: buffer.pointer) }
    return UnsafePointer(buffer.pointer)
  }

  /// What passed the input's dropout in the last forward pass.
  func inputMask(_ block: Block, _ workspace: ModelWorkspace) -> (bits: BitMask, scale: Float)? {
    guard let scale = workspace.inputMaskScale else { return nil }
    return (workspace.inputMask.mask(rows: block.sourceCount, columns: shape.inputColumns), scale)
  }
}
