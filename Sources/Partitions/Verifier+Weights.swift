import Graphs
import Tensors

extension Verifier {
  /// What every part holds of each balanced weight, from the rows of its table; the manifest must say the same.
  func checkWeights() -> [String: [Int]] {
    let names = Set(manifest.parts.flatMap { $0.weights.map { Array($0.keys) } ?? [] })
    var sums: [String: [Int]] = [:]
    for name in names.sorted() {
      let values = parts.map { weights(named: String(name.dropFirst("weight:".count)), of: $0) }
      let largest = values.flatMap(\.self).max() ?? 0
      let whole = values.allSatisfy { $0.allSatisfy { $0 == $0.rounded(.down) } } && largest <= 4_294_967_295
      // Values that are not whole are scaled: the largest counts 2³⁰.
      let found = values.map { values in
        values.reduce(0) { $0 + (whole || largest == 0 ? Int($1) : Int(($1 / largest * 1_073_741_824).rounded())) }
      }
      for part in parts {
        let recorded = manifest.parts[part.part].weights?[name]
        log.demand(
          recorded == found[part.part], "weights are the sums of their tables", file: Manifest.fileName,
          "\(recorded.map { "\($0)" } ?? "none") of \(name) in part \(part.part), found \(found[part.part])")
      }
      sums[name] = found
    }
    return sums
  }

  /// The values of a table of one column in a part, those of all types.
  private func weights(named table: String, of part: LocalPartition) -> [Double] {
    part.nodes.enumerated().flatMap { type, shard -> [Double] in
      guard case .dense(let rows)? = shard.tables[table], rows.columns == 1 else { return [] }
      return (0..<rows.rows).map { row in
        let value = Self.value(rows, row, 0)
        let fits = value >= 0 && value.isFinite
        log.demand(fits, "balanced values are 0 or more", file: file(part, type, table), row: row, "\(value)")
        return fits ? value : 0
      }
    }
  }
}
