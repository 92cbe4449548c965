extension ReportPage {
  /// What parts are expected to read from each other, and what they keep to read less; `nil` where neither is known.
  var readsSection: String? {
    guard report.reads != nil || report.replicas != nil else { return nil }
    return section("Reads from other parts", note: report.reads.map(readsNote), readsTable)
  }

  private func readsNote(_ reads: PartitionReport.Reads) -> String {
    "Rows that mini-batches of \(Self.grouped(reads.batchSize)) seeds over all parts and fan-out \(Self.escaped(reads.fanout)) are "
      + "expected to read in an epoch of \(Self.count(reads.steps, "step")), each once a step; \(Bytes(reads.totalBytes)) in all"
      + (reads.totalReplicatedRows > 0 ? ", of which replicas save \(Bytes(reads.totalReplicatedBytes))." : ".")
  }

  private var readsTable: String {
    var rows = [["part"]] + report.parts.indices.map { ["\($0)"] }
    func add(_ title: String, _ cells: [String]) {
      rows[0].append(title)
      for (part, cell) in cells.enumerated() { rows[part + 1].append(cell) }
    }
    if let reads = report.reads {
      add("rows", reads.rows.map { Self.grouped(Int($0.rounded())) })
      add("bytes", reads.bytes.map { "\(Bytes($0))" })
      if reads.totalReplicatedRows > 0 { add("rows saved", reads.replicatedRows.map { Self.grouped(Int($0.rounded())) }) }
    }
    if let replicas = report.replicas {
      add("rows kept", replicas.rows.map(Self.grouped))
      add("nodes with in-edges kept", replicas.nodes.map(Self.grouped))
      add("bytes kept", replicas.bytes.map { "\(Bytes(Double($0)))" })
    }
    return Self.table(rows)
  }
}
