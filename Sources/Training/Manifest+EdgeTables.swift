import Kernels
import Models
import Partitions
import Tensors

extension Manifest {
  /// The tables of this name, in the order of their relations.
  ///
  /// - Parameters:
  ///   - name: `nil`: none.
  ///   - place: Names the manifest in errors.
  /// - Throws: `InputError` when no relation's edges have such a table, or one that no layer can read.
  func edgeTables(named name: String?, place: String) throws -> [TableDescription] {
    guard let name else { return [] }
    let named = edgeTables.filter { $0.name == name }.sorted { $0.slot < $1.slot }
    guard !named.isEmpty else {
      let known = Set(edgeTables.map(\.name)).sorted()
      throw InputError(
        place, expected: "an edge table '\(name)'", found: known.isEmpty ? "no table of edges" : known.joined(separator: ", "))
    }
    for table in named where !RowSource.supports(table.elementType) {
      throw InputError(place, expected: RowSource.expectation(of: table.name), found: "\(table.elementType)")
    }
    return named
  }
}

extension ModelShape {
  /// Widths of the rows of edges by relation.
  static func edgeColumns(_ tables: [TableDescription], relations: Int) -> [Int] {
    (0..<relations).map { relation in tables.first { $0.slot == relation }?.columns ?? 0 }
  }
}
