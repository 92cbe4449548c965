import Foundation
public import Graphs
import Tensors

/// Recomputes every invariant of a partition directory from its files alone, by the plainest means.
///
/// It shares no code with the writer beyond the reader of arrays: files and checksums; original ids a bijection; every edge
/// stored once, at its destination's owner, in canonical order; the halo sorted, complete and no larger than needed, with
/// the owners' numbers; replicas as their owners have the nodes; expected rows ordered and within the expected reads; degrees; splits disjoint with ranks a bijection; tables and labels in range; cut, halo and imbalance
/// as recorded. With the original graph, also that every edge, row, label and split is the input's; rows are those of nodes and of edges.
public struct Verifier {
  let directory: String
  let manifest: Manifest
  let log = ViolationLog()
  /// The parts to check, increasing.
  private let wanted: [Int]
  private(set) var parts: [LocalPartition] = []
  /// Whether all parts are checked: what concerns the whole graph can be told only then.
  var isComplete: Bool { wanted.count == manifest.partCount }

  /// Checks the partition directory at `directory`; an empty result means that everything holds.
  ///
  /// - Parameters:
  ///   - original: The graph it was made from, when that is at hand.
  ///   - only: The parts to check, the others may be absent; all where `nil`. What ties parts together is checked between these alone.
  /// - Throws: As `Manifest.load`, when there is no manifest to check against, and `InputError` for parts that it does not have; damage
  ///   elsewhere is a violation.
  /// - Complexity: O(bytes) time on one thread; a byte an edge and a few bytes a node of memory.
  public static func verify(_ directory: String, against original: RawGraph? = nil, only: Set<Int>? = nil) throws -> [Violation] {
    let manifest = try Manifest.load(directory)
    let wanted = only?.sorted() ?? Array(0..<manifest.partCount)
    if let odd = wanted.first(where: { !(0..<manifest.partCount).contains($0) }) {
      throw InputError("parts to check", expected: "some of 0 to \(manifest.partCount - 1)", found: "\(odd)")
    }
    var verifier = Verifier(directory: directory, manifest: manifest, parts: wanted)
    guard verifier.checkPresence() else { return verifier.log.violations }
    verifier.checkFiles()
    guard verifier.openParts() else { return verifier.log.violations }
    let sound = verifier.checkReferences()
    verifier.checkOriginals()
    verifier.checkNodeData()
    verifier.checkSplits()
    guard sound else { return verifier.log.violations }
    verifier.checkEdges()
    verifier.checkEdgeTables()
    verifier.checkHalo()
    verifier.checkReplicas()
    verifier.checkExpectedRows()
    verifier.checkMetrics()
    if let original { verifier.compare(with: original) }
    return verifier.log.violations
  }

  private init(directory: String, manifest: Manifest, parts: [Int]) {
    self.directory = directory
    self.manifest = manifest
    wanted = parts
  }

  /// The part of this number; `nil` when it is not checked.
  func part(_ number: Int) -> LocalPartition? {
    isComplete ? parts[number] : parts.first { $0.part == number }
  }

  /// Name of one of a part's files, relative to the directory.
  func file(_ part: LocalPartition, _ name: String) -> String { "\(PartFiles.folder(part.part))/\(name).npy" }

  /// Name of one of a part's files on the nodes of a type.
  func file(_ part: LocalPartition, _ type: Int, _ name: String) -> String {
    file(part, "nodes/\(manifest.schema.nodeTypes[type])/\(name)")
  }

  /// Name of the file of one set of a split.
  func file(_ part: LocalPartition, _ type: Int, _ split: Int, _ set: String) -> String {
    file(part, type, Split.folder(manifest.splits[split], index: split) + set)
  }

  /// Local ids of a part's inner nodes of one type.
  func locals(_ part: LocalPartition, type: Int) -> Range<Int> {
    let range = part.book.innerRange(of: part.part, type: type)
    return Int(range.lowerBound - part.firstGlobalID)..<Int(range.upperBound - part.firstGlobalID)
  }

  /// Nodes of one type in the whole graph.
  func nodeCount(ofType type: Int) -> Int { manifest.parts.reduce(0) { $0 + $1.innerNodes[type] } }

  /// Every part to check has a folder.
  private func checkPresence() -> Bool {
    let absent = manifest.absentParts(in: directory)
    let here = Set(0..<manifest.partCount).subtracting(absent).sorted().map(String.init).joined(separator: ",")
    for part in wanted where absent.contains(part) {
      let advice = here.isEmpty ? "" : "; --only \(here) checks the others"
      log.demand(
        false, "part present", file: PartFiles.folder(part), "\(PartFiles.absence(of: absent, partCount: manifest.partCount))\(advice)")
    }
    return Set(absent).isDisjoint(with: wanted)
  }

  /// Sizes and checksums.
  private func checkFiles() {
    let folders = Set(wanted.map(PartFiles.folder))
    for record in manifest.files where isComplete || folders.contains(String(record.path.prefix { $0 != "/" })) {
      do { try record.check(in: directory, content: true) } catch { log.demand(false, "file as recorded", file: record.path, "\(error)") }
    }
  }

  /// Maps every part; false when one cannot be.
  private mutating func openParts() -> Bool {
    for part in wanted {
      do {
        parts.append(try LocalPartition(mapping: directory, manifest: manifest, part: part))
      } catch {
        log.demand(false, "part readable", file: PartFiles.folder(part), "\(error)")
      }
    }
    return parts.count == wanted.count
  }

  /// Offsets and ids that the other checks use as indices; false when one of them points outside.
  private func checkReferences() -> Bool {
    let before = log.violations.count
    let nodes = Int64(manifest.nodeCount)
    let edges = Int64(manifest.edgeCount)
    for part in parts {
      let local = part.innerCount + part.haloCount
      let (first, last) = (part.indptr[0], part.indptr[part.innerCount])
      log.demand(
        first == 0 && last == Int64(part.indices.count), "offsets span the edges", file: file(part, "indptr"),
        "\(first) to \(last) for \(part.indices.count)")
      for row in 0..<part.innerCount {
        let (start, end) = (part.indptr[row], part.indptr[row + 1])
        log.demand(start <= end, "offsets do not decrease", file: file(part, "indptr"), row: row + 1, "\(end) after \(start)")
      }
      for (row, index) in part.indices.enumerated() {
        log.demand(Int(index) < local, "sources are local nodes", file: file(part, "indices"), row: row, "\(index) of \(local)")
      }
      for (row, id) in part.halo.enumerated() {
        log.demand(id >= 0 && id < nodes, "halo nodes exist", file: file(part, "halo"), row: row, "\(id) of \(nodes)")
      }
      for (row, id) in part.edgeIDs.enumerated() {
        log.demand(id >= 0 && id < edges, "edges exist", file: file(part, "edge_ids"), row: row, "\(id) of \(edges)")
      }
      for (row, relation) in (part.relations ?? ArrayView()).enumerated() {
        let count = manifest.schema.relations.count
        log.demand(Int(relation) < count, "relations exist", file: file(part, "relations"), row: row, "\(relation) of \(count)")
      }
    }
    return log.violations.count == before
  }

  /// Inside a type, every original id belongs to one part, once.
  private func checkOriginals() {
    for type in manifest.schema.nodeTypes.indices {
      let count = nodeCount(ofType: type)
      var seen = [Bool](repeating: false, count: count)
      for part in parts {
        for row in locals(part, type: type) {
          let id = part.original[row]
          let name = file(part, "original")
          guard id >= 0, id < count else {
            log.demand(false, "original ids exist", file: name, row: row, "\(id) of \(count)")
            continue
          }
          log.demand(!seen[Int(id)], "original ids are unique", file: name, row: row, "\(id) a second time")
          seen[Int(id)] = true
        }
      }
    }
  }
}
