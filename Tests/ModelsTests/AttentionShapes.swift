import Models

extension ModelGradientTests {
  /// GAT and GATv2: heads side by side and averaged, self loops, dropout of coefficients, several relations, every kind of input.
  static let attentionShapes: [ModelShape] = [ModelShape.Kind.gat, .gatv2].flatMap { kind in
    [
      ModelShape(kind: kind, inputColumns: 3, hidden: 5, layers: 2, classes: 7),
      ModelShape(kind: kind, inputColumns: 5, hidden: 6, layers: 3, classes: 3, dropout: 0.3, inputDropout: 0.25).with {
        ($0.heads, $0.outputHeads, $0.attentionDropout, $0.activation) = (3, 2, 0.4, .elu)
      },
      ModelShape(kind: kind, inputColumns: 4, hidden: 4, layers: 2, classes: 2).with {
        ($0.heads, $0.outputHeads, $0.selfLoops, $0.attentionDropout) = (2, 3, false, 0.5)
      },
      ModelShape(kind: kind, inputColumns: 3, hidden: 4, layers: 2, classes: 3, relations: ["a", "b", "c"], dropout: 0.3).with {
        ($0.heads, $0.outputHeads, $0.attentionDropout) = (2, 2, 0.3)
      },
      ModelShape(kind: kind, inputColumns: 4, hidden: 6, layers: 2, classes: 2, relations: ["a", "b"], rowNormalise: true).with {
        ($0.heads, $0.selfLoops) = (3, false)
      },
      ModelShape(
        kind: kind, inputColumns: 8, sparseInput: true, hidden: 4, layers: 2, classes: 3, inputDropout: 0.3, rowNormalise: true
      ).with { ($0.heads, $0.attentionDropout) = (2, 0.2) },
      ModelShape(kind: kind, inputColumns: 8, sparseInput: true, hidden: 4, layers: 2, classes: 3, relations: ["a", "b"]).with {
        ($0.heads, $0.outputHeads, $0.selfLoops) = (4, 2, false)
      },
      ModelShape(kind: kind, inputColumns: 5, hidden: 34, layers: 2, classes: 3).with {
        ($0.heads, $0.residual, $0.norm, $0.jump, $0.activation) = (2, true, .layer, .concatenate, .elu)
      },
    ]
  }

  /// GAT that sums input rows before their product, with all that goes with it.
  static let inputAttentionShapes: [ModelShape] = [
    ModelShape(kind: .gat, inputColumns: 3, hidden: 16, layers: 2, classes: 3),
    ModelShape(kind: .gat, inputColumns: 5, hidden: 34, layers: 2, classes: 3, dropout: 0.3, inputDropout: 0.25).with {
      ($0.heads, $0.outputHeads, $0.attentionDropout, $0.activation) = (2, 2, 0.4, .elu)
    },
    ModelShape(kind: .gat, inputColumns: 4, hidden: 32, layers: 2, classes: 2, relations: ["a", "b"], rowNormalise: true).with {
      ($0.heads, $0.selfLoops, $0.attentionDropout) = (2, false, 0.3)
    },
    ModelShape(kind: .gat, inputColumns: 7, hidden: 48, layers: 3, classes: 3, relations: ["a", "b", "c"]).with {
      ($0.heads, $0.residual, $0.norm) = (3, true, .layer)
    },
  ]
}
