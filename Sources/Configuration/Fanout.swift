/// How many in-neighbours each layer samples, input hop first: with `15,10,5` the seeds take 5 (DGL's order).
///
/// A hop is a number, `all`, or a number for each relation: `15,cites=10/writes=all,5`.
public struct Fanout: Equatable, Sendable, CustomStringConvertible {
  /// Neighbours taken of one destination and one relation.
  public enum Count: Equatable, Sendable, CustomStringConvertible {
    case all
    case atMost(Int)

    public var description: String {
      switch self {
      case .all: "all"
      case .atMost(let count): String(count)
      }
    }

    /// `Int.max` for `all`.
    public var limit: Int {
      switch self {
      case .all: Int.max
      case .atMost(let count): count
      }
    }
  }

  public enum Hop: Equatable, Sendable, CustomStringConvertible {
    case everyRelation(Count)
    /// (relation, count) in the order written.
    case byRelation([Entry])

    public struct Entry: Equatable, Sendable {
      public var relation: String
      public var count: Count
    }

    public var description: String {
      switch self {
      case .everyRelation(let count): count.description
      case .byRelation(let entries): entries.map { "\($0.relation)=\($0.count)" }.joined(separator: "/")
      }
    }
  }

  /// One entry per layer, input hop first.
  public var hops: [Hop]

  /// - Parameter option: The option that an error names.
  /// - Throws: `ConfigurationError` naming the hop that is neither a number, `all`, nor a list of relations.
  public init(parsing text: String, option: String = "--fanout") throws {
    hops = try text.split(separator: ",", omittingEmptySubsequences: false).map { item in
      if !item.contains("=") { return .everyRelation(try Self.count(item, in: text, option)) }
      return .byRelation(
        try item.split(separator: "/", omittingEmptySubsequences: false).map { field in
          let sides = field.split(separator: "=", omittingEmptySubsequences: false)
          guard sides.count == 2, !sides[0].isEmpty else {
            throw ConfigurationError(option, expected: "relation=count", found: "'\(field)' in '\(text)'")
          }
          return Hop.Entry(relation: String(sides[0]), count: try Self.count(sides[1], in: text, option))
        })
    }
  }

  private static func count(_ field: Substring, in text: String, _ option: String) throws -> Count {
    if field == "all" { return .all }
    guard let count = Int(field), count > 0, count <= Int(Int32.max) else {
      throw ConfigurationError(option, expected: "whole numbers above 0, or all, one per layer", found: "'\(field)' in '\(text)'")
    }
    return .atMost(count)
  }

  /// Limits by layer and relation, shape (layers, relations), input hop first; `Int.max` stands for all, 0 for relations a hop
  /// does not name.
  ///
  /// - Parameter option: The option that an error names.
  /// - Throws: `ConfigurationError` for a relation that the graph does not have.
  public func limits(relations: [String], option: String = "--fanout") throws -> [[Int]] {
    try hops.map { hop in
      switch hop {
      case .everyRelation(let count): return relations.map { _ in count.limit }
      case .byRelation(let entries):
        var limits = relations.map { _ in 0 }
        for entry in entries {
          guard let index = relations.firstIndex(of: entry.relation) else {
            let known = relations.joined(separator: ", ")
            throw ConfigurationError(option, expected: "a relation of the graph (\(known))", found: "'\(entry.relation)'")
          }
          limits[index] = entry.count.limit
        }
        return limits
      }
    }
  }

  public var description: String { hops.map(\.description).joined(separator: ",") }
}

extension Fanout: Codable {
  public init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
