import Graphs
import Kernels
import Models
import Tensors
import Testing

/// A pass over aggregated rows against the pass that walks every edge of the first layer.
@Suite struct AggregatedPassTests {
  private static let plain = ModelShape(inputColumns: 5, hidden: 8, layers: 2, classes: 3, dropout: 0.5)

  /// Every aggregation, dense and sparse, narrow and wide, and all that follows the product.
  static let shapes: [ModelShape] = {
    let kinds: [ModelShape] = [
      plain,
      plain.with { $0.kind = .gcn },
      plain.with { ($0.kind, $0.selfLoops) = (.gcn, false) },
      plain.with { $0.kind = .gin },
      plain.with { ($0.kind, $0.learnEpsilon) = (.gin, true) },
    ]
    let changes: [(inout ModelShape) -> Void] = [
      { _ in },
      { $0.relations = ["a", "b"] },
      { $0.inputColumns = 12 },
      { ($0.residual, $0.inputColumns) = (true, 8) },
      { ($0.residual, $0.norm, $0.activation) = (true, .layer, .prelu) },
      { ($0.sparseInput, $0.rowNormalise, $0.inputColumns) = (true, true, 20) },
      { ($0.sparseInput, $0.residual, $0.inputColumns, $0.relations) = (true, true, 20, ["a", "b"]) },
      { ($0.layers, $0.rowNormalise) = (1, true) },
      { ($0.layers, $0.jump, $0.l2Normalise) = (1, .last, true) },
      { ($0.layers, $0.jump, $0.activation) = (3, .concatenate, .elu) },
    ]
    return kinds.flatMap { kind in changes.map { kind.with($0) } }
  }()

  /// A batch whose first block holds every in-edge of its destinations.
  private static func batch(_ shape: ModelShape, seeds: Int, growth: Int, draws: inout Draws) -> Batch {
    var batch = Batch(shape, seeds: seeds, growth: growth, draws: &draws)
    batch.degrees[0] = batch.edges[0].map { $0.map { UInt32($0.count) } }
    for row in 0..<batch.destinations[0] { batch.sourceDegrees[0][row] = batch.degrees[0].reduce(0) { $0 + $1[row] } }
    return batch
  }

  /// The rows of `FirstHop` of the first block's destinations, in float64 from its formulas.
  static func aggregated(_ batch: Batch, _ firstHop: FirstHop) -> [[Float]] {
    let x = batch.features.map { row -> [Double] in
      let sum = row.reduce(0) { $0 + Double($1) }
      return row.map { batch.shape.rowNormalise ? (sum == 0 ? 0 : Double($0) / sum) : Double($0) }
    }
    let loop = firstHop.aggregation == .symmetric || firstHop.aggregation == .ownAndSum
    func s(_ row: Int) -> Double {
      guard firstHop.aggregation == .symmetric || firstHop.aggregation == .symmetricWithoutLoops else { return 1 }
      let degree = Double(batch.sourceDegrees[0][row]) + (loop ? 1 : 0)
      return degree == 0 ? 0 : 1 / degree.squareRoot()
    }
    return (0..<batch.destinations[0]).map { node in
      var row = firstHop.hasOwnRow ? x[node] : []
      for edges in batch.edges[0] {
        var sum = x[node].map { loop ? s(node) * $0 : 0 }
        for source in edges[node] { for (column, value) in x[Int(source)].enumerated() { sum[column] += s(Int(source)) * value } }
        let factor = firstHop.aggregation == .mean ? 1 / Double(max(1, edges[node].count)) : s(node)
        row += sum.map { factor * $0 }
      }
      return row.map(Float.init)
    }
  }

  private static func result(
    _ batch: Batch, _ model: Model, _ rows: [[Float]], weights: [Float], dropout: DropoutKey?, workspace: ModelWorkspace? = nil,
    threads: Int = 1
  ) -> PassResult {
    var holder = batch
    (holder.features, holder.shape.inputColumns) = (rows, model.firstHop!.columns)
    let input = holder.rows
    let nodes = keep(Buffer(copying: batch.ids[0].prefix(rows.count).map { GlobalID($0) }))
    let blocks = Array(batch.blocks.dropFirst())
    let threads = Threads(threads)
    let workspace = workspace ?? ModelWorkspace(model)
    let logits = model.forward(
      blocks, aggregated: input, of: UnsafeBufferPointer(nodes.elements), weights: weights, dropout: dropout, workspace: workspace,
      threads: threads)
    let lists = logits.lists
    let sums = SoftmaxCrossEntropy.evaluate(logits, labels: batch.labels, gradient: logits, threads: threads)
    var gradient = [Float](repeating: .nan, count: model.parameters.count)
    model.backward(blocks, weights: weights, logitsGradient: logits, gradient: &gradient, workspace: workspace, threads: threads)
    return PassResult(logits: lists, loss: sums.loss, gradient: gradient, inputGradient: [])
  }

  @Test(arguments: shapes)
  func equalsThePassOverAllEdges(shape: ModelShape) throws {
    var draws = Draws(5)
    let model = try Model(shape)
    let firstHop = try #require(model.firstHop)
    for seeds in [1, 7, 300] {
      let batch = Self.batch(shape, seeds: seeds, growth: 2 * seeds, draws: &draws)
      let weights = (0..<model.parameters.count).map { _ in 0.5 * draws.float() }
      let key = DropoutKey(seed: 2, step: UInt32(seeds))
      let wanted = batch.run(model, weights: weights, dropout: key)
      let found = Self.result(batch, model, Self.aggregated(batch, firstHop), weights: weights, dropout: key)
      // Sums of some hundred float32 terms in another order: 1e-5 of the largest.
      func expectClose(_ a: [Float], _ b: [Float], _ what: String) {
        let scale = b.map(abs).max() ?? 0
        let error = zip(a, b).map { abs($0 - $1) }.max() ?? 0
        #expect(a.count == b.count && error <= 2e-5 * scale, "\(what) of \(seeds) seeds: \(error) of \(scale)")
      }
      expectClose(found.logits.flatMap { $0 }, wanted.logits.flatMap { $0 }, "logits")
      for parameter in model.parameters.parameters {
        expectClose(Array(found.gradient[parameter.range]), Array(wanted.gradient[parameter.range]), parameter.name)
      }
    }
  }

  @Test(arguments: shapes)
  func threadsAndWhatAWorkspaceHeldBeforeDoNotChangeABit(shape: ModelShape) throws {
    var draws = Draws(8)
    let model = try Model(shape)
    let batch = Self.batch(shape, seeds: 700, growth: 900, draws: &draws)
    let rows = Self.aggregated(batch, try #require(model.firstHop))
    let weights = (0..<model.parameters.count).map { _ in draws.float() }
    let key = DropoutKey(seed: 1, step: 3)
    let wanted = Self.result(batch, model, rows, weights: weights, dropout: key)
    let workspace = ModelWorkspace(model)
    let sampled = batch.run(model, weights: weights, dropout: key, workspace: workspace)
    #expect(Self.result(batch, model, rows, weights: weights, dropout: key, workspace: workspace, threads: 3) == wanted)
    #expect(batch.run(model, weights: weights, dropout: key, workspace: workspace) == sampled, "and back to sampled batches")
  }

  @Test(arguments: shapes)
  func withoutSeedsTheGradientIsZero(shape: ModelShape) throws {
    var draws = Draws(1)
    let model = try Model(shape)
    let batch = Self.batch(shape, seeds: 0, growth: 3, draws: &draws)
    let weights = (0..<model.parameters.count).map { _ in draws.float() }
    let result = Self.result(batch, model, [], weights: weights, dropout: nil)
    #expect(result.logits.isEmpty && result.gradient == Array(repeating: 0, count: weights.count))
  }

  @Test func layersThatGatherWithParametersHaveNoFirstHop() throws {
    for kind in [ModelShape.Kind.sagePool, .gat, .gatv2] {
      #expect(try Model(Self.plain.with { $0.kind = kind }).firstHop == nil)
    }
    let sage = try #require(FirstHop(Self.plain.with { $0.relations = ["a", "b"] }))
    #expect(sage.columns == 15 && sage.hasOwnRow && sage.aggregation == .mean)
    let gcn = try #require(FirstHop(Self.plain.with { $0.kind = .gcn }))
    #expect(gcn.columns == 5 && !gcn.hasOwnRow)
    #expect(FirstHop(Self.plain.with { ($0.kind, $0.residual) = (.gcn, true) })?.columns == 10, "the residual reads the own row")
  }
}
