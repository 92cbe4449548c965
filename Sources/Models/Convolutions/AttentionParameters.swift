import Kernels

/// Where the parameters of a GAT layer lie in the flat vector, by relation; the bias follows them all.
struct AttentionParameters: Sendable {
  /// Elements of one relation.
  struct Relation: Sendable {
    /// `W`, (I, H·F).
    let weight: Range<Int>
    /// `a_source` and `a_destination`, (H, F) each.
    let source: Range<Int>
    let destination: Range<Int>
  }

  let relations: [Relation]
  let range: Range<Int>

  init(_ shape: ModelShape, layer: Int, _ attention: AttentionShape, _ layout: inout ParameterLayout) {
    let heads = attention.heads
    let begin = layout.count
    relations = shape.relations.map { relation in
      let weight = layout.appendWeight(
        "layers.\(layer).neighbor.\(relation).weight", inputs: attention.inputs, outputs: heads.columns)
      let source = layout.appendVectors("layers.\(layer).attention.source.\(relation)", heads)
      return Relation(
        weight: weight, source: source, destination: layout.appendVectors("layers.\(layer).attention.destination.\(relation)", heads))
    }
    range = begin..<layout.appendBias("layers.\(layer).bias", attention.outputs).upperBound
  }
}

extension ParameterLayout {
  /// Adds one vector for each head, (H, F), with Glorot's initial values for that shape.
  mutating func appendVectors(_ name: String, _ heads: AttentionHeads) -> Range<Int> {
    append(name, [heads.count, heads.width], .glorot(inputs: heads.count, outputs: heads.width))
  }
}
