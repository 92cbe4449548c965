import Graphs
import Tensors

extension Verifier {
  /// Rows that batches are expected to read: nodes of other parts, each once and without a replica, the most wanted first, and in all no
  /// more than the manifest expects.
  func checkExpectedRows() {
    for part in parts {
      guard let expected = part.expectedRows else { continue }
      checkNodes(expected, of: part)
      checkProbabilities(expected, of: part)
    }
  }

  private func checkNodes(_ expected: ExpectedRows, of part: LocalPartition) {
    let name = file(part, PartFiles.expectedRows)
    let (inner, count) = (part.book.innerRange(of: part.part), part.book.nodeCount)
    var seen = Set((part.replicas?.rows ?? []).joined())
    for (row, id) in expected.nodes.enumerated() {
      log.demand(
        id >= 0 && id < count && !inner.contains(id), "expected rows are other parts'", file: name, row: row, "node \(id) of \(count)")
      log.demand(seen.insert(id).inserted, "expected rows come from their owners", file: name, row: row, "node \(id) is here or listed")
    }
    log.demand(
      expected.nodes.count <= part.innerCount, "no more expected rows than inner nodes", file: name,
      "\(expected.nodes.count) for \(part.innerCount)")
  }

  private func checkProbabilities(_ expected: ExpectedRows, of part: LocalPartition) {
    let name = file(part, PartFiles.expectedProbabilities)
    var sums = manifest.schema.nodeTypes.map { _ in 0.0 }
    var before: Float = 1
    for (row, probability) in expected.probabilities.enumerated() {
      log.demand(
        probability > 0 && probability <= before, "probabilities do not increase", file: name, row: row, "\(probability) after \(before)")
      before = probability
      let id = GlobalID(expected.nodes[row])
      if part.book.contains(id) { sums[part.book.type(of: id)] += Double(probability) }
    }
    guard let reads = manifest.expectedReads else {
      return log.demand(false, "expected rows have their batches", file: Manifest.fileName, "no expectedReads")
    }
    for (type, sum) in sums.enumerated() {
      let (rows, limit) = (
        sum * Double(reads.steps), reads.rows[part.part][type] - (reads.replicated?[part.part][type] ?? 0)
      )
      // Sums of the same numbers in another order.
      log.demand(
        rows <= limit + 1e-6 * (1 + reads.rows[part.part][type]), "expected rows are among the expected reads", file: name,
        "\(rows) rows of type \(type) an epoch, the manifest has \(limit)")
    }
  }
}
