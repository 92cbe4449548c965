public import Graphs
public import Tensors

/// The element types that a partition directory stores its dense tables with.
///
/// `float16` and `bfloat16` round to the nearest value, of two equally near ones to the even one; `int8` takes a scale for each row,
/// the largest absolute value over 127, and rounds the quotients alike. Sparse tables keep their float32 values. A name stands for the
/// tables of nodes and of edges that have it.
public struct TableTypes: Equatable, Sendable {
  /// What a table can be converted to, and from.
  public static let types: [ElementType] = [.float32, .float16, .bfloat16, .int8]

  /// Type of every dense table that `byTable` does not name, but targets; `nil`: as it is.
  public var standard: ElementType?
  /// Types of tables by name.
  public var byTable: [String: ElementType]
  /// Tables that keep their type, since parts are balanced by their values.
  package var kept: Set<String> = []

  /// - Parameter standard: `nil` keeps every table as it is.
  public init(_ standard: ElementType? = nil, byTable: [String: ElementType] = [:]) {
    self.standard = standard
    self.byTable = byTable
  }

  /// Reads `bfloat16`, or `feat=int8,embedding=float16`, or both; `nil` when it is neither.
  public init?(parsing text: String) {
    self.init()
    for field in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = field.lastIndex(of: "=").map { String(field[..<$0]) }
      let word = name.map { String(field.dropFirst($0.count + 1)) } ?? String(field)
      guard let type = ElementType(rawValue: word), Self.types.contains(type) else { return nil }
      if let name {
        guard !name.isEmpty, byTable.updateValue(type, forKey: name) == nil else { return nil }
      } else {
        guard standard == nil else { return nil }
        standard = type
      }
    }
  }

  /// The type that a table of nodes, or of edges, is stored with.
  func type(of table: DenseRows, named name: String, ofEdges: Bool) -> ElementType {
    if let type = byTable[name] { return type }
    if ofEdges { return standard ?? table.elementType }
    return name == NodeData.targetTable || kept.contains(name) ? table.elementType : standard ?? table.elementType
  }

  /// Checks that the graph has every table that is named, and that it can be converted.
  ///
  /// - Throws: `InputError` for the first table that is not fit.
  public func check(_ graph: RawGraph) throws {
    let names = Set(graph.nodes.flatMap(\.tables.keys) + graph.edges.flatMap(\.tables.keys))
    for name in byTable.keys.sorted() where !names.contains(name) {
      let found = names.isEmpty ? "no table" : names.sorted().joined(separator: ", ")
      throw InputError("tables of \(graph.name)", expected: "a table '\(name)' to convert", found: found)
    }
    for tables in graph.nodes.map(\.tables) { try check(tables, ofEdges: false, graph: graph.name) }
    for tables in graph.edges.map(\.tables) { try check(tables, ofEdges: true, graph: graph.name) }
  }

  private func check(_ tables: [String: FeatureTable], ofEdges: Bool, graph: String) throws {
    for (name, table) in tables.sorted(by: { $0.key < $1.key }) {
      let place = "table '\(name)' of \(graph)"
      switch table {
      case .dense(let rows):
        let wanted = type(of: rows, named: name, ofEdges: ofEdges)
        if !ofEdges, kept.contains(name), wanted != rows.elementType {
          throw InputError(place, expected: "\(rows.elementType), by whose values parts are balanced", found: "--feature-type \(wanted)")
        }
        guard wanted == rows.elementType || Self.types.contains(rows.elementType) else {
          throw InputError(
            place, expected: "\(Self.types.map(\.rawValue).joined(separator: ", ")) to convert to \(wanted)",
            found: "\(rows.elementType)")
        }
      case .sparse:
        if let wanted = byTable[name] { throw InputError(place, expected: "dense rows to convert to \(wanted)", found: "sparse ones") }
      }
    }
  }
}
