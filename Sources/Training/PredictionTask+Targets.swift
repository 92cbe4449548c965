import Collectives
import Graphs
import Inference
import Kernels
import Partitions
import Tensors

extension PredictionTask {
  /// The targets of each own part.
  ///
  /// - Throws: `InputError` for a target of a set that no loss can measure.
  func targets(of parts: [LocalPartition], directory: String) throws -> [NodeTargets] {
    try parts.map { part in
      let shard = part.nodes[nodeType]
      guard let targetTable else { return NodeTargets(.labels(shard.labels ?? ArrayView()), part: part, nodeType: nodeType) }
      guard case .dense(let rows) = shard.tables[targetTable.name] else { preconditionFailure("the manifest says dense rows") }
      let targets = NodeTargets(.rows(rows), part: part, nodeType: nodeType)
      try check(targets, of: part, directory: directory)
      return targets
    }
  }

  /// Checks the targets of the part's three sets.
  private func check(_ targets: NodeTargets, of part: LocalPartition, directory: String) throws {
    let sets = part.split(split, type: nodeType)
    let nodes = (sets.trainIDs + Array(sets.validation) + Array(sets.test)).map { PartLocalID($0) }
    let rows = TargetRows()
    nodes.withUnsafeBufferPointer { targets.copy($0, into: rows) }
    guard case .values(let values) = rows.targets else { preconditionFailure("targets of a table are values") }
    let isMultilabel = training.task == .multilabel
    for row in 0..<values.rows {
      for column in 0..<values.columns {
        let value = values.row(row)[column]
        guard value.isNaN || (isMultilabel ? (0...1).contains(value) : value.isFinite) else {
          throw InputError(
            "\(directory), table '\(targetTable?.name ?? "")', node \(part.original[Int(nodes[row].rawValue)])",
            expected: isMultilabel ? "targets from 0 to 1, or NaN where unknown" : "finite targets, or NaN where unknown",
            found: "\(value)")
        }
      }
    }
    withExtendedLifetime(rows) {}
  }

  /// The loss, with class weights as the training nodes of all parts ask for; a collective call.
  func loss(parts: [LocalPartition], reducer: GradientReducer) throws -> Loss {
    switch training.task {
    case .multilabel: return .binaryCrossEntropy(smoothing: training.labelSmoothing)
    case .regression: return .squaredError
    case .classification:
      let weights: [Float]? =
        switch training.classWeights {
        case .none: nil
        case .given(let weights): weights
        case .balanced: try balancedWeights(parts: parts, reducer)
        }
      return .softmaxCrossEntropy(classWeights: weights, smoothing: training.labelSmoothing)
    }
  }

  /// `n / (C·n_c)` with `n` labelled training nodes, `n_c` of them of class `c` and `C` classes that have any; 1 for the others.
  private func balancedWeights(parts: [LocalPartition], _ reducer: GradientReducer) throws -> [Float] {
    var sums: [Int: [Double]] = [:]
    for part in parts {
      let labels = part.nodes[nodeType].labels
      let firstOfType = Int(part.book.innerRange(of: part.part, type: nodeType).lowerBound - part.firstGlobalID)
      var counts = [Double](repeating: 0, count: outputs)
      for node in part.split(split, type: nodeType).trainIDs {
        if let label = labels?[Int(node) - firstOfType], label >= 0 { counts[Int(label)] += 1 }
      }
      sums[part.part] = counts
    }
    let counts = try reducer.orderedSum(sums)
    let (total, present) = (counts.reduce(0, +), Double(counts.count { $0 > 0 }))
    return counts.map { $0 > 0 ? Float(total / (present * $0)) : 1 }
  }
}
