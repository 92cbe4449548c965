import Graphs
import Kernels
import Models
import Tensors
import Testing

@Suite struct ModelInferenceTests {
  /// A graph of `nodes` inner and `halo` halo nodes: a batch whose every block is all edges of the inner nodes.
  private func graph(_ shape: ModelShape, nodes: Int, halo: Int, draws: inout Draws) -> Batch {
    var oneLayer = shape
    oneLayer.layers = 1
    var batch = Batch(oneLayer, seeds: nodes, growth: 0, longest: 7, draws: &draws)
    let extra = Batch(oneLayer, seeds: halo, growth: 0, draws: &draws)
    batch.features += extra.features
    batch.ids[0] += extra.ids[0].map { $0 + 5 }
    batch.edges[0] = batch.edges[0].map { $0.map { $0.map { _ in UInt32(draws.index(below: nodes + halo)) } } }
    batch.degrees[0] = batch.edges[0].map { $0.map { UInt32($0.count) } }
    let totals = (0..<nodes).map { row in batch.degrees[0].reduce(0) { $0 + $1[row] } }
    batch.sourceDegrees[0] = totals + (0..<halo).map { _ in UInt32(draws.index(below: 6)) }
    return batch
  }

  /// CSC with the relations of a destination one after the other.
  private func edges(_ batch: Batch) -> InferenceEdges {
    var (indptr, indices, relations): ([Int64], [UInt32], [UInt16]) = ([0], [], [])
    for destination in 0..<batch.destinations[0] {
      for relation in batch.shape.relations.indices {
        indices += batch.edges[0][relation][destination]
        relations += batch.edges[0][relation][destination].map { _ in UInt16(relation) }
      }
      indptr.append(Int64(indices.count))
    }
    return InferenceEdges(
      indptr: ArrayView(indptr), indices: ArrayView(indices), relations: batch.shape.relations.count > 1 ? ArrayView(relations) : nil,
      sourceCount: batch.ids[0].count, degrees: ArrayView(batch.sourceDegrees[0]), rows: batch.inferenceEdgeRows)
  }

  private func infer(_ model: Model, _ batch: Batch, weights: [Float], chunk: Int, threads: Int) -> [[Float]] {
    let threads = Threads(threads)
    let workspace = InferenceWorkspace(model)
    let rows = InferenceRows(batch.rows, layer: 0, of: model, threads: threads)
    let nodes = batch.destinations[0]
    let out = MatrixView(zeros: nodes, model.shape.outputWidth(of: 0))
    var transformed: MatrixView?
    if model.transformedColumns(of: 0) > 0 {
      let y = MatrixView(zeros: batch.features.count, model.transformedColumns(of: 0))
      for low in stride(from: 0, to: y.rows, by: chunk) {
        let range = low..<min(y.rows, low + chunk)
        model.inferTransform(0, rows: rows, range: range, weights: weights, into: y.rows(range), workspace: workspace, threads: threads)
      }
      transformed = y
    }
    for low in stride(from: 0, to: nodes, by: chunk) {
      let range = low..<min(nodes, low + chunk)
      model.inferLayer(
        0, edges: edges(batch), destinations: range, rows: rows, transformed: transformed, weights: weights, into: out.rows(range),
        workspace: workspace, threads: threads)
    }
    return out.lists
  }

  static let shapes =
    [
      ModelShape(inputColumns: 5, hidden: 7, layers: 2, classes: 3),
      ModelShape(inputColumns: 9, hidden: 4, layers: 2, classes: 3, relations: ["a", "b", "c"]),
      ModelShape(inputColumns: 5, hidden: 7, layers: 2, classes: 3, relations: ["a", "b"], rowNormalise: true),
      ModelShape(inputColumns: 12, sparseInput: true, hidden: 4, layers: 2, classes: 3, relations: ["a", "b"], rowNormalise: true),
      ModelShape(inputColumns: 12, hidden: 4, layers: 1, classes: 3, rowNormalise: true),
      ModelShape(inputColumns: 3, hidden: 4, layers: 1, classes: 8),
    ] + ModelGradientTests.otherKinds + ModelGradientTests.optionShapes + ModelGradientTests.attentionShapes
    + ModelGradientTests.inputAttentionShapes + ModelShape.withEdgeRows

  /// One layer of exact inference is the layer of a batch that holds all edges; dropout of the shape is not applied.
  @Test(arguments: shapes)
  func aLayerEqualsTheReference(shape: ModelShape) throws {
    var draws = Draws(3)
    var dropping = shape
    dropping.dropout = 0.5
    dropping.inputDropout = shape.layers == 1 ? 0 : 0.5
    let batch = graph(shape, nodes: 40, halo: 25, draws: &draws)
    let model = try Model(dropping)
    let weights = (0..<model.parameters.count).map { _ in draws.float() }
    let found = infer(model, batch, weights: weights, chunk: 256, threads: 1)
    let reference = ReferenceModel(batch: batch, model: model)
    let output = reference.output(of: 0, reference.inputs(), weights.map(Double.init))
    #expect(found.count == output.count)
    for (row, expected) in zip(found, output) {
      for (value, exact) in zip(row, expected) { #expect(abs(Double(value) - exact) <= 1e-5 * max(1, abs(exact))) }
    }
  }

  @Test(arguments: shapes)
  func chunksAndThreadsChangeNoBit(shape: ModelShape) throws {
    var draws = Draws(4)
    let batch = graph(shape, nodes: 1500, halo: 700, draws: &draws)
    let model = try Model(shape)
    let weights = Array(keep(model.initialWeights(seed: 2)).elements)
    let whole = infer(model, batch, weights: weights, chunk: 1 << 20, threads: 1)
    for (chunk, threads) in [(256, 1), (512, 3), (1280, 2), (1 << 20, 3)] {
      #expect(infer(model, batch, weights: weights, chunk: chunk, threads: threads) == whole, "chunks of \(chunk), \(threads) threads")
    }
  }
}
