/// How a list of edges is to be understood: which columns count, and what the nodes are called.
public struct EdgeListFormat: Sendable, Equatable {
  /// A column, by the name that a header gives it or by its position from 0.
  public struct Column: Sendable, Equatable, ExpressibleByStringLiteral {
    public var text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    /// The position that the text is, where it is a number.
    var position: Int? { text.allSatisfy { ("0"..."9").contains($0) } ? Int(text) : nil }
  }

  /// Whether the first line that is no comment names columns.
  public enum Header: String, Sendable, CaseIterable {
    /// It does where no field of it begins like a number; where nodes have names, if its fields are no numbers and those of the next
    /// line are, or if a column is asked for by name.
    case detect
    case present
    case absent
  }

  /// What stands for a node.
  public enum IDs: String, Sendable, CaseIterable {
    /// Whole numbers from 0 without gaps: they index features and labels.
    case dense
    /// Numbers of any size or names, told apart by their bytes; nodes are numbered by first appearance, sources before destinations, and
    /// keep what they were called as `NodeData.names`.
    case compact
  }

  /// Column of sources; the first where `nil`.
  public var source: Column?
  /// Column of destinations; the second where `nil`.
  public var destination: Column?
  /// Column of edge weights; none where `nil`. In formats without columns the weights are called `weight`, column 2.
  public var weight: Column?
  /// Columns of numbers that become the edges' table `feat`, in this order; lists in text alone have some.
  public var features: [Column]
  public var header: Header
  public var ids: IDs

  public init(
    source: Column? = nil, destination: Column? = nil, weight: Column? = nil, features: [Column] = [], header: Header = .detect,
    ids: IDs = .dense
  ) {
    self.source = source
    self.destination = destination
    self.weight = weight
    self.features = features
    self.header = header
    self.ids = ids
  }

  /// Whether lines hold two numbers and nothing else, so that no columns have to be found.
  var isPairs: Bool { source == nil && destination == nil && weight == nil && features.isEmpty && ids == .dense }

  /// Whether a column is asked for that only a header can find.
  var namesColumns: Bool { ([source, destination, weight] + features).contains { $0 != nil && $0?.position == nil } }
}
