import Foundation
import Tensors

/// A machine with processing-in-memory: ranks of cores, their clock, and the tables that turn counted work into time.
public struct PIMTopology: Hashable, Codable, Sendable {
  public var name: String
  /// Usable cores of each rank.
  public var coresOfRanks: [Int]
  public var megahertz: Double
  /// Bytes of a core's bank.
  public var bankBytes: Int
  /// Bytes of a core's scratchpad.
  public var scratchpadBytes: Int
  /// Memory modules with cores.
  public var modules: Int
  /// Watts of a module whose cores work.
  public var wattsPerModule: Double
  /// Watts of the host while it works; `nil`: not known, and left out of energy.
  public var hostWatts: Double?
  public var costs: PIMCosts
  public var host: PIMHost

  public var ranks: Int { coresOfRanks.count }
  public var cores: Int { coresOfRanks.reduce(0, +) }

  /// `cores` spread over `ranks` ranks as evenly as they go.
  public static func spread(_ cores: Int, over ranks: Int) -> [Int] {
    (0..<ranks).map { cores / ranks + ($0 < cores % ranks ? 1 : 0) }
  }

  /// The same machine with its first ranks alone, and the modules in proportion.
  public func prefix(ranks count: Int) -> PIMTopology {
    precondition(1...ranks ~= count, "\(count) of \(ranks) ranks")
    var part = self
    part.coresOfRanks = Array(coresOfRanks.prefix(count))
    part.modules = max(1, modules * count / ranks)
    part.name = "\(name), \(count) ranks"
    return part
  }

  /// A preset by name, or the JSON file of a topology.
  ///
  /// - Throws: `InputError` for what is neither, or a machine that cannot be.
  public static func named(_ name: String) throws -> PIMTopology {
    if let preset = presets.first(where: { $0.name == name }) { return preset }
    guard let data = FileManager.default.contents(atPath: name) else {
      let known = presets.map(\.name).joined(separator: ", ")
      throw InputError(name, expected: "\(known) or the JSON file of a machine", found: "neither")
    }
    guard let topology = try? JSONDecoder().decode(PIMTopology.self, from: data) else {
      throw InputError(name, expected: "a machine with the fields of a preset", found: "other JSON")
    }
    try topology.validate(name)
    return topology
  }

  /// - Throws: `InputError` naming `place`.
  package func validate(_ place: String) throws {
    func check(_ holds: Bool, _ expected: String, _ found: some CustomStringConvertible) throws {
      if !holds { throw InputError(place, expected: expected, found: "\(found)") }
    }
    try check(!coresOfRanks.isEmpty && coresOfRanks.allSatisfy { $0 >= 1 }, "ranks with a core or more", coresOfRanks)
    try check(megahertz > 0 && megahertz.isFinite, "a clock above 0 MHz", megahertz)
    try check(bankBytes >= 8 && scratchpadBytes >= 8, "memory in banks and scratchpads", "\(bankBytes), \(scratchpadBytes) bytes")
    try check(modules >= 1 && wattsPerModule >= 0, "modules and their watts", "\(modules), \(wattsPerModule)")
    if let hostWatts { try check(hostWatts >= 0 && hostWatts.isFinite, "watts of the host from 0", hostWatts) }
    let rates =
      [host.writePerRank, host.broadcastPerRank, host.writeLimit, host.readPerRank, host.memoryBandwidth]
      + (host.readLimit + host.copyRows + host.addRows).map(\.rate)
    try check(rates.allSatisfy { $0 > 0 && $0.isFinite }, "rates above 0", rates)
    let sorted = [host.copyRows, host.addRows].allSatisfy { zip($0, $0.dropFirst()).allSatisfy { $0.size < $1.size } }
    try check(sorted, "sizes of a table in order", "others")
  }

  /// A part of a rank whose cores hold the same slice of rows.
  struct Cluster: Hashable, Sendable {
    var rank: Int
    var cores: Int
  }

  /// The clusters of all ranks, in order; a rank's cores are spread over its clusters as evenly as they go.
  func clusters(perRank count: Int) -> [Cluster] {
    coresOfRanks.enumerated().flatMap { rank, cores in
      Self.spread(cores, over: count).map { Cluster(rank: rank, cores: $0) }
    }
  }
}
