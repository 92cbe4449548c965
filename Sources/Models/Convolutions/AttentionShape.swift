import Kernels
import Tensors

/// What GAT and GATv2 layers have in common: heads, self loops, dropout of coefficients, and what becomes of the heads' outputs.
///
/// Letters: `H` heads of `F` columns; `R` relations, each of which has an attention of its own. Their outputs are added up; heads
/// stand side by side, or are averaged in the layer that gives logits.
struct AttentionShape: Sendable {
  let layer: Int
  let inputs: Int
  let outputs: Int
  let relations: Int
  let heads: AttentionHeads
  let averages: Bool
  let selfLoops: Bool
  /// Probability that a coefficient is dropped.
  let dropout: Float

  init(_ shape: ModelShape, layer: Int) {
    self.layer = layer
    inputs = shape.inputWidth(of: layer)
    outputs = shape.outputWidth(of: layer)
    relations = shape.relations.count
    averages = shape.givesLogits(layer)
    heads =
      averages ? AttentionHeads(count: shape.outputHeads, width: outputs) : AttentionHeads(count: shape.heads, width: outputs / shape.heads)
    selfLoops = shape.selfLoops
    dropout = shape.attentionDropout
  }

  /// Columns of all relations' heads side by side, `R·H·F`.
  var width: Int { relations * heads.columns }

  func columns(_ relation: Int) -> Range<Int> { relation * heads.columns..<(relation + 1) * heads.columns }

  func edges(_ edges: LayerEdges, _ relation: Int) -> AttentionEdges {
    AttentionEdges(edges.relations[relation], ownRow: selfLoops ? edges.firstDestination : nil)
  }

  func dropout(_ relation: Int, _ edges: LayerEdges, _ mode: PassMode) -> AttentionDropout? {
    guard case .training(let key?) = mode, dropout > 0, let ids = edges.ids else { return nil }
    return AttentionDropout(
      Dropout(attentionProbability: dropout, seed: key.seed, layer: layer, relation: relation, step: key.step), ids: ids)
  }

  /// Makes room for what a training pass keeps of each slot.
  ///
  /// - Parameter signWords: Words of sides of zero by slot.
  func prepare(_ edges: LayerEdges, _ workspace: AttentionWorkspace, _ mode: PassMode, signWords: Int = 0) {
    guard mode.isTraining else { return }
    workspace.dropoutScale = dropout(0, edges, mode)?.dropout.scale ?? 1
    for relation in 0..<relations {
      let slots = self.edges(edges, relation).slotCount(edgeCount: edges.edgeCount(relation))
      workspace.coefficients[relation].resize(to: slots * heads.count)
      workspace.signs[relation].resize(to: slots * signWords)
    }
  }

  /// `z`, (n, O), from the outputs of all relations' heads, (n, R·H·F).
  func sum(_ out: MatrixView, into z: MatrixView) {
    let parts = averages ? relations * heads.count : relations
    for row in 0..<z.rows {
      let target = z.row(row)
      target.update(from: out.row(row), count: outputs)
      for part in 1..<parts { RowArithmetic.add(out.row(row) + part * outputs, to: target, count: outputs) }
      if averages { RowArithmetic.scale(target, by: 1 / Float(heads.count), count: outputs) }
    }
  }

  /// Gradient of one relation's heads, (D, H·F), from that of `z`: it is the same for all relations. Computes the gradient of the bias
  /// on the way.
  func gradient(
    _ upstream: OutputGradient, destinations: Int, bias: UnsafeMutablePointer<Float>, _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    let dz = upstream.materialised(rows: destinations, columns: outputs, in: workspace.activationGradient, threads)
    ProductGradient.sumColumns(dz, into: bias, workspace.sums, threads)
    guard averages, heads.count > 1 else { return dz }
    let spread = workspace.innerGradient.matrix(rows: destinations, columns: heads.columns)
    threads.forEachChunk(of: destinations, by: Tiles.height) { rows in
      for row in rows {
        for head in 0..<heads.count {
          let target = spread.row(row) + head * outputs
          target.update(from: dz.row(row), count: outputs)
          RowArithmetic.scale(target, by: 1 / Float(heads.count), count: outputs)
        }
      }
    }
    return spread
  }

  /// The backward pass of a relation: its edges by source, and the products of outputs and gradients.
  ///
  /// - Parameter out: The relation's outputs, (D, H·F).
  func backward(
    _ edges: LayerEdges, _ relation: Int, out: MatrixView, gradient: MatrixView, _ workspace: LayerWorkspace, _ threads: Threads
  ) -> AttentionBackward {
    let transposed = workspace.transposed[relation]
    transposed.fill(
      edges.relations[relation], edgeCount: edges.edgeCount(relation), sourceCount: edges.sourceCount, numbered: true, threads: threads)
    let attention = workspace.attention
    let products = attention.products.matrix(rows: edges.destinationCount, columns: heads.count)
    threads.forEachChunk(of: edges.destinationCount, by: Tiles.height) { rows in
      heads.dots(out.rows(rows), gradient.rows(rows), into: products.rows(rows))
    }
    let coefficients = attention.coefficients[relation]
    attention.scoreGradients.resize(to: coefficients.count)
    return AttentionBackward(
      heads: heads, edges: self.edges(edges, relation), transposed: transposed, gradient: gradient, products: products,
      coefficients: coefficients.pointer, scale: attention.dropoutScale, scoreGradients: attention.scoreGradients.pointer)
  }
}

/// What an attention layer keeps between forward and backward, and its scratch.
final class AttentionWorkspace: @unchecked Sendable {
  // Sendable: see `ModelWorkspace`.
  /// By relation, (slots, H).
  let coefficients: [GrowingBuffer<Float>]
  /// By relation, (slots, words).
  let signs: [GrowingBuffer<UInt16>]
  /// Scale of the last forward pass's dropout.
  var dropoutScale: Float = 1
  /// (slots, H) of one relation.
  let scoreGradients = GrowingBuffer<Float>()
  /// (D, H) each.
  let products = GrowingBuffer<Float>()
  let destinationGradient = GrowingBuffer<Float>()
  /// (H, F).
  let vectorsGradient = GrowingBuffer<Float>()
  /// What gives scores from input rows, (R, 2, H, I), and what a backward pass over such rows adds up.
  let inputVectors = GrowingBuffer<Float>()
  /// (I, H).
  let inputScores = GrowingBuffer<Float>()
  let inputSums = GrowingBuffer<Float>()

  init(relations: Int) {
    coefficients = (0..<relations).map { _ in GrowingBuffer() }
    signs = (0..<relations).map { _ in GrowingBuffer() }
  }
}
