import ArgumentParser
import Graphs
import Tensors

struct GenerateCommunitiesCommand: ParsableCommand {
  private static let standard = Generators.Communities(nodes: 100_000, edges: 2_000_000, groupSize: 500, superGroups: 1, seed: 1)

  static let configuration = CommandConfiguration(
    commandName: "communities",
    abstract: "Planted groups on two levels, with features that tell a node's class only together with its neighbours'.",
    discussion: """
      Nodes form groups, groups form super-groups. An edge joins two nodes of a group, of a super-group or any two, by the given \
      shares, and is written both ways. The label is the number of the super-group (or group) modulo the classes; features are \
      the centroid of the class, optionally of the group, and noise.
      """)

  @OptionGroup var sizes: GeneratedSizes

  @Option(help: help("Nodes of a group.", "\(standard.groupSize), or all"))
  var groupSize: Int?

  @Option(help: "Number of groups, instead of --group-size.")
  var groups: Int?

  @Option(help: help("Number of super-groups.", "one for each class, or each group"))
  var superGroups: Int?

  @Option(help: "Groups of a super-group, instead of --super-groups.")
  var superGroupSize: Int?

  @Option(help: "Share of the edges inside a group.")
  var groupShare = standard.groupShare

  @Option(help: "Share of the edges inside a super-group; the rest may go anywhere.")
  var superGroupShare = standard.superGroupShare

  @Option(help: "Level that gives a node its label.")
  var labelLevel = standard.labelLevel

  @Option(help: "Share of the nodes whose label is replaced by a random one.")
  var labelNoise = standard.labelNoise

  @Option(help: "Standard deviation of a feature between classes.")
  var classSignal = standard.classSignal

  @Option(help: "Standard deviation of a feature between groups.")
  var groupSignal = standard.groupSignal

  @Option(help: "Standard deviation of a feature around its class and group.")
  var featureNoise = standard.featureNoise

  @OptionGroup var target: DatasetTarget

  func validate() throws {
    if let groups, groups < 1 { throw ValidationError("--groups must be at least 1") }
    if let superGroupSize, superGroupSize < 1 { throw ValidationError("--super-group-size must be at least 1") }
  }

  func run() throws {
    let size = groups.map { (sizes.nodes + $0 - 1) / $0 } ?? groupSize ?? min(Self.standard.groupSize, sizes.nodes)
    var communities = Generators.Communities(
      nodes: sizes.nodes, edges: sizes.edges, groupSize: size, superGroups: 1, seed: sizes.seed)
    let groupCount = size > 0 ? communities.groups : 1
    communities.superGroups = superGroups ?? superGroupSize.map { (groupCount + $0 - 1) / $0 } ?? max(1, min(sizes.classes, groupCount))
    communities.groupShare = groupShare
    communities.superGroupShare = superGroupShare
    communities.classes = sizes.classes
    communities.labelLevel = labelLevel
    communities.labelNoise = labelNoise
    communities.features = sizes.features
    communities.edgeFeatures = sizes.edgeFeatures
    communities.classSignal = classSignal
    communities.groupSignal = groupSignal
    communities.featureNoise = featureNoise
    communities.split = sizes.split
    try target.write { try communities.generate(threads: $0) }
  }
}
