import Kernels
import Tensors

/// Jumping connections: the seeds' rows of the layers, joined, times an output weight.
///
/// `logits = J·W + b`, with `J` the last layer's rows, all layers' side by side, or their largest elements (the first of equals).
///
/// Xu et al., ICML 2018, arXiv:1806.03536.
struct JumpHead: Sendable {
  let jump: ModelShape.Jump
  let layers: Int
  let hidden: Int
  let outputs: Int
  /// Weight, then bias.
  let range: Range<Int>

  /// `nil` where the last layer gives the logits.
  init?(_ shape: ModelShape, _ layout: inout ParameterLayout) {
    guard shape.jump != .none else { return nil }
    jump = shape.jump
    layers = shape.layers
    hidden = shape.hidden
    outputs = shape.classes
    let width = shape.jump == .concatenate ? shape.layers * shape.hidden : shape.hidden
    let begin = layout.appendWeight("output.weight", inputs: width, outputs: outputs).lowerBound
    range = begin..<layout.appendBias("output.bias", outputs).upperBound
    layout.extendLastLayer()
  }

  /// Columns of `J`.
  var joinedWidth: Int { jump == .concatenate ? layers * hidden : hidden }

  private func weight(_ flat: UnsafePointer<Float>) -> MatrixView {
    flat.weight(range.lowerBound..<range.upperBound - outputs, columns: outputs)
  }

  /// `J` of rows `rows` of the layers' outputs.
  ///
  /// - Parameters:
  ///   - joined: Receives `J`; shape (`rows.count`, width).
  ///   - winners: Receives the layer of each largest element; `nil`: not wanted.
  func join(_ layers: [MatrixView], rows: Range<Int>, into joined: MatrixView, winners: UnsafeMutablePointer<UInt8>?) {
    for (index, row) in rows.enumerated() {
      let target = joined.row(index)
      switch jump {
      case .none, .last: target.update(from: layers[layers.count - 1].row(row), count: hidden)
      case .concatenate:
        for (layer, output) in layers.enumerated() { (target + layer * hidden).update(from: output.row(row), count: hidden) }
      case .max:
        let won = winners.map { $0 + index * hidden }
        target.update(from: layers[0].row(row), count: hidden)
        won?.update(repeating: 0, count: hidden)
        for layer in 1..<max(1, layers.count) {
          let values = layers[layer].row(row)
          for column in 0..<hidden where values[column] > target[column] {
            target[column] = values[column]
            won?[column] = UInt8(layer)
          }
        }
      }
    }
  }

  /// Logits of rows `rows` of the layers' outputs; `joined` and `winners` as for `join`.
  func apply(
    _ layers: [MatrixView], rows: Range<Int>, weights: UnsafePointer<Float>, joined: MatrixView, winners: UnsafeMutablePointer<UInt8>?,
    into logits: MatrixView
  ) {
    join(layers, rows: rows, into: joined, winners: winners)
    MatrixProduct.multiply(joined, weight(weights), into: logits)
    Activation.bias(logits, bias: weights + (range.upperBound - outputs))
  }

  /// Logits of the seeds, the first rows of every layer's output.
  func forward(
    _ layers: [MatrixView], seeds: Int, weights: UnsafePointer<Float>, _ workspace: JumpWorkspace, _ threads: Threads
  ) -> MatrixView {
    let logits = workspace.logits.matrix(rows: seeds, columns: outputs)
    let joined = workspace.joined.matrix(rows: seeds, columns: joinedWidth)
    workspace.winners.resize(to: jump == .max ? seeds * hidden : 0)
    nonisolated(unsafe) let weights = weights
    threads.forEachChunk(of: seeds, by: Tiles.height) { rows in
      apply(
        layers, rows: rows, weights: weights, joined: joined.rows(rows),
        winners: jump == .max ? workspace.winners.pointer + rows.lowerBound * hidden : nil, into: logits.rows(rows))
    }
    return logits
  }

  /// Gradient of the head's parameters, and of the layers' rows.
  func backward(
    logitsGradient: MatrixView, weights: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, _ workspace: JumpWorkspace,
    _ threads: Threads
  ) {
    let seeds = logitsGradient.rows
    let joined = workspace.joined.matrix(rows: seeds, columns: joinedWidth)
    let joinedGradient = workspace.joinedGradient.matrix(rows: seeds, columns: joinedWidth)
    ProductGradient(
      input: .matrix(joined), rows: seeds, weight: weight(weights),
      weightGradient: gradient.weight(range.lowerBound..<range.upperBound - outputs, columns: outputs), hasBias: true,
      inputGradient: joinedGradient
    ).compute(logitsGradient, workspace.products, threads)
    guard jump == .max else { return }
    // Each layer gets the columns that it won.
    for layer in 0..<layers {
      let target = workspace.won[layer].matrix(rows: seeds, columns: hidden)
      threads.forEachChunk(of: seeds, by: Tiles.height) { rows in
        for row in rows {
          let won = workspace.winners.pointer + row * hidden
          for column in 0..<hidden { target.row(row)[column] = Int(won[column]) == layer ? joinedGradient.row(row)[column] : 0 }
        }
      }
    }
  }

  /// What `backward` gave for the seeds' rows of `layer`; `nil`: nothing.
  func gradient(of layer: Int, seeds: Int, _ workspace: JumpWorkspace) -> MatrixView? {
    let joined = workspace.joinedGradient.matrix(rows: seeds, columns: joinedWidth)
    switch jump {
    case .none: return nil
    case .last: return layer == layers - 1 ? joined : nil
    case .concatenate: return joined.columns(layer * hidden..<(layer + 1) * hidden)
    case .max: return workspace.won[layer].matrix(rows: seeds, columns: hidden)
    }
  }
}

/// What the head keeps between forward and backward.
final class JumpWorkspace: Sendable {
  let joined = GrowingBuffer<Float>()
  let joinedGradient = GrowingBuffer<Float>()
  let logits = GrowingBuffer<Float>()
  let winners = GrowingBuffer<UInt8>()
  /// Gradient of each layer's rows where the largest elements are joined.
  let won: [GrowingBuffer<Float>]
  let products = ProductGradientWorkspace()

  init(layers: Int) { won = (0..<layers).map { _ in GrowingBuffer() } }
}
