import ArgumentParser
import Graphs
import Tensors

struct GenerateRMATCommand: ParsableCommand {
  private static let standard = Generators.RMAT(nodes: 100_000, edges: 2_000_000, seed: 1)

  static let configuration = CommandConfiguration(
    commandName: "rmat",
    abstract: "A recursive-matrix graph: few nodes with very many edges, many with few, as in social and web graphs.",
    discussion: """
      Each edge descends the adjacency matrix by quadrants drawn with probabilities a, b, c and 1 - a - b - c (the defaults are \
      those of Graph500). Labels and features are random. Chakrabarti, Zhan, Faloutsos, SDM 2004.
      """)

  @OptionGroup var sizes: GeneratedSizes

  @Option(name: .customLong("a"), help: "Probability of the quadrant of low sources and low destinations.")
  var a = standard.a

  @Option(name: .customLong("b"), help: "Probability of the quadrant of low sources and high destinations.")
  var b = standard.b

  @Option(name: .customLong("c"), help: "Probability of the quadrant of high sources and low destinations.")
  var c = standard.c

  @OptionGroup var target: DatasetTarget

  func run() throws {
    var rmat = Generators.RMAT(nodes: sizes.nodes, edges: sizes.edges, seed: sizes.seed)
    (rmat.a, rmat.b, rmat.c) = (a, b, c)
    rmat.features = sizes.features
    rmat.edgeFeatures = sizes.edgeFeatures
    rmat.classes = sizes.classes
    rmat.split = sizes.split
    try target.write { try rmat.generate(threads: $0) }
  }
}
