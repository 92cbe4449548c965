import Kernels
import Tensors

/// GraphSAGE with the max-pooling aggregator.
///
/// `t_r[u] = max(0, x[u]·P_r + p_r)`, `z[v] = x[v]·W_self + Σ_r max(t_r[u] for u in N_r(v))·W_r`; a node without neighbours gets zeros for
/// their maximum.
///
/// Hamilton, Ying, Leskovec, NeurIPS 2017, arXiv:1706.02216, eq. 3.
struct PoolConvolution: Convolution {
  let inputs: Int
  let outputs: Int
  let relations: Int
  let range: Range<Int>
  /// `W_self`, then all `W_r` below each other, then the bias.
  private let weights: Range<Int>
  /// `P_r` and `p_r` of each relation, side by side in the flat vector.
  private let pools: [Range<Int>]

  init(_ shape: ModelShape, layer: Int, _ layout: inout ParameterLayout) {
    inputs = shape.inputWidth(of: layer)
    outputs = shape.outputWidth(of: layer)
    relations = shape.relations.count
    let begin = layout.count
    pools = shape.relations.map { [inputs] relation in
      let weight = layout.appendWeight("layers.\(layer).pool.\(relation).weight", inputs: inputs, outputs: inputs)
      return weight.lowerBound..<layout.appendBias("layers.\(layer).pool.\(relation).bias", inputs).upperBound
    }
    let own = layout.appendWeight("layers.\(layer).self.weight", inputs: inputs, outputs: outputs)
    for relation in shape.relations {
      _ = layout.appendWeight("layers.\(layer).neighbor.\(relation).weight", inputs: inputs, outputs: outputs)
    }
    weights = own.lowerBound..<layout.count
    range = begin..<layout.appendBias("layers.\(layer).bias", outputs).upperBound
  }

  var transformedWidth: Int { relations * inputs }
  var ownProduct: OwnProduct { .inOutput }
  /// The largest elements of each relation side by side.
  var keptWidth: Int { relations * inputs }

  private func columns(_ relation: Int) -> Range<Int> { relation * inputs..<(relation + 1) * inputs }
  private func ownWeight(_ flat: UnsafePointer<Float>) -> MatrixView {
    flat.weight(weights, columns: outputs).rows(0..<inputs)
  }
  /// All `W_r` below each other, (R·I, O).
  private func neighborWeights(_ flat: UnsafePointer<Float>) -> MatrixView {
    flat.weight(weights, columns: outputs).rows(inputs..<(1 + relations) * inputs)
  }
  private func pool(_ relation: Int, _ flat: UnsafePointer<Float>) -> MatrixView {
    flat.weight(pools[relation].lowerBound..<pools[relation].upperBound - inputs, columns: inputs)
  }

  func transform(
    _ rows: Range<Int>, of input: LayerInput, weights: UnsafePointer<Float>, into transformed: MatrixView?, own: MatrixView?,
    tile: MatrixView
  ) {
    let x = input.denseTile(rows, copiedTo: tile)
    if let transformed {
      for relation in 0..<relations {
        let target = transformed.columns(columns(relation))
        input.multiply(rows, x, by: pool(relation, weights), into: target)
        Activation.bias(target, bias: weights + (pools[relation].upperBound - inputs))
        for row in 0..<target.rows { RowArithmetic.relu(target.row(row), count: inputs) }
      }
    }
    if let own {
      input.multiply(rows.lowerBound..<rows.lowerBound + own.rows, x?.prefix(own.rows), by: ownWeight(weights), into: own)
    }
  }

  func combine(
    _ rows: Range<Int>, along edges: LayerEdges, input: LayerInput, transformed: MatrixView?, own: MatrixView?,
    weights: UnsafePointer<Float>, kept: MatrixView, into z: MatrixView, workspace: LayerWorkspace, mode: PassMode
  ) {
    guard let transformed else { preconditionFailure("pooled rows are transformed first") }
    let winners = mode.isTraining ? workspace.winners.pointer + rows.lowerBound * keptWidth : nil
    for relation in 0..<relations {
      MaxAggregation.aggregate(
        rows, of: edges.relations[relation], rows: transformed.columns(columns(relation)), into: kept.columns(columns(relation)),
        winners: winners.map { $0 + relation * inputs }, winnerStride: keptWidth)
    }
    MatrixProduct.multiply(kept, neighborWeights(weights), into: z, accumulating: true)
  }

  func prepare(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, _ workspace: LayerWorkspace, _ mode: PassMode,
    _ threads: Threads
  ) {
    workspace.winners.resize(to: edges.destinationCount * keptWidth)
  }

  func backward(
    _ edges: LayerEdges, _ input: LayerInput, weights: UnsafePointer<Float>, upstream: OutputGradient,
    gradient: UnsafeMutablePointer<Float>, wantsInput: Bool, workspace: LayerWorkspace, threads: Threads
  ) {
    let destinations = edges.destinationCount
    let dz = upstream.materialised(rows: destinations, columns: outputs, in: workspace.activationGradient, threads)
    let largest = workspace.kept.matrix(rows: destinations, columns: keptWidth)
    let largestGradient = workspace.innerGradient.matrix(rows: destinations, columns: keptWidth)
    let neighbors = neighborWeights(weights)
    let neighborStart = self.weights.lowerBound + inputs * outputs
    // The neighbours' weights and the bias follow each other.
    let lanes = Lanes(rows: destinations)
    workspace.sums.sum(lanes, into: gradient + neighborStart, count: neighbors.rows * outputs + outputs, threads: threads) {
      rows, isFirst, sum in
      let target = sum.weight(0..<neighbors.rows * outputs, columns: outputs)
      MatrixProduct.multiply(transposed: largest.rows(rows), dz.rows(rows), into: target, accumulating: !isFirst)
      ColumnSums.add(dz.rows(rows), to: sum + neighbors.rows * outputs, accumulating: !isFirst)
      MatrixProduct.multiply(dz.rows(rows), transposed: neighbors, into: largestGradient.rows(rows))
    }
    let pooledGradient = gatherPooled(edges, largestGradient, workspace, threads)
    let dx = wantsInput ? workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs) : nil
    for relation in 0..<relations {
      ProductGradient(
        input: input, rows: edges.sourceCount, weight: pool(relation, weights),
        weightGradient: gradient.weight(pools[relation].lowerBound..<pools[relation].upperBound - inputs, columns: inputs), hasBias: true,
        inputGradient: dx, addsToInputGradient: relation > 0
      ).compute(pooledGradient.columns(columns(relation)), workspace.products, threads)
    }
    ProductGradient(
      input: input, rows: destinations, weight: ownWeight(weights),
      weightGradient: gradient.weight(self.weights.lowerBound..<neighborStart, columns: outputs), inputGradient: dx,
      addsToInputGradient: true
    ).compute(dz, workspace.products, threads)
  }

  /// Gradient of the pooled rows before their ReLU, (S, R·I).
  private func gatherPooled(
    _ edges: LayerEdges, _ gradient: MatrixView, _ workspace: LayerWorkspace, _ threads: Threads
  ) -> MatrixView {
    workspace.transpose(edges, threads)
    let pooled = workspace.transformed.matrix(rows: edges.sourceCount, columns: transformedWidth)
    let target = workspace.transformedGradient.matrix(rows: edges.sourceCount, columns: transformedWidth)
    threads.forEachChunk(of: edges.sourceCount, by: Tiles.height) { rows in
      for relation in 0..<relations {
        let columns = columns(relation)
        MaxAggregation.gather(
          rows, of: workspace.transposed[relation].neighborhood(), gradient: gradient.columns(columns),
          winners: workspace.winners.pointer + relation * inputs, winnerStride: keptWidth, into: target.rows(rows).columns(columns))
      }
      for row in rows { RowArithmetic.passPositive(target.row(row), of: pooled.row(row), count: transformedWidth) }
    }
    return target
  }

  func inputGradient(_ edges: LayerEdges, _ workspace: LayerWorkspace) -> OutputGradient {
    OutputGradient(workspace.inputGradient.matrix(rows: edges.sourceCount, columns: inputs))
  }
}
