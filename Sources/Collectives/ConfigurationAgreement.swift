import Glibc
import Tensors

/// What must be equal on all workers before they may train together: instruction set, library versions, the hashes of
/// the binary and of graph.json, the configuration.
public struct ConfigurationAgreement: Sendable, Equatable {
  /// One thing to compare.
  public struct Entry: Sendable, Equatable {
    /// What it is, for the reader of an error: `isa`.
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The things to compare, in the order in which mismatches are looked for.
  public var entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries }

  /// Compares the entries of all members with those of rank 0.
  ///
  /// - Throws: `InputError`, the same on every member, for the first entry (in the order of rank 0) and the lowest rank
  ///   that differ; it names worker, host, entry and both values.
  public func verify(in group: any ProcessGroup) throws {
    let mine = StringList([hostName()] + entries.flatMap { [$0.name, $0.value] }).bytes
    let workers = try group.allGather(mine).enumerated().map { peer, bytes in
      guard let strings = StringList(bytes: bytes)?.strings, strings.count % 2 == 1 else {
        throw CollectiveError.malformed(
          operation: "configuration agreement", rank: group.rank, peer: peer, reason: "not a list of names and values")
      }
      return Worker(strings)
    }
    for (position, reference) in workers[0].entries.enumerated() {
      for rank in 1..<max(1, workers.count) {
        let entry = workers[rank].entries.indices.contains(position) ? workers[rank].entries[position] : nil
        if entry == reference { continue }
        throw InputError(
          "worker \(rank) on \(workers[rank].host)",
          expected: "\(reference.name) \(reference.value), as worker 0 on \(workers[0].host)",
          found: entry.map { $0.name == reference.name ? $0.value : "\($0.name) \($0.value)" } ?? "nothing")
      }
    }
    for rank in workers.indices {
      guard let surplus = workers[rank].entries.dropFirst(workers[0].entries.count).first else { continue }
      throw InputError(
        "worker \(rank) on \(workers[rank].host)",
        expected: "\(workers[0].entries.count) entries, as worker 0 on \(workers[0].host)",
        found: "also \(surplus.name) \(surplus.value)")
    }
  }

  private struct Worker {
    var host: String
    var entries: [Entry]

    init(_ strings: [String]) {
      host = strings[0]
      entries = stride(from: 1, to: strings.count, by: 2).map { Entry(strings[$0], strings[$0 + 1]) }
    }
  }
}

/// The name of this host, as the kernel knows it.
package func hostName() -> String {
  var name = [CChar](repeating: 0, count: 256)
  guard gethostname(&name, name.count - 1) == 0 else { return "unknown host" }
  return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Strings as they travel: each one's UTF-8 length as a 64-bit integer, then its bytes.
package struct StringList {
  package let strings: [String]

  package init(_ strings: [String]) { self.strings = strings }

  /// Nil when a length points beyond the end.
  package init?(bytes: [UInt8]) {
    var strings: [String] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard rest.count >= 8 else { return nil }
      let length = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      rest = rest.dropFirst(8)
      guard length <= UInt64(rest.count) else { return nil }
      strings.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
      rest = rest.dropFirst(Int(length))
    }
    self.strings = strings
  }

  package var bytes: [UInt8] {
    strings.flatMap { string in
      let text = Array(string.utf8)
      return (0..<8).map { UInt8(truncatingIfNeeded: UInt64(text.count) >> (8 * UInt64($0))) } + text
    }
  }
}
