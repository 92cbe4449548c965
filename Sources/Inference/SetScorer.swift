public import Collectives
import Kernels
public import Partitions
public import Tensors

/// Scores what a model gives for the held-out nodes of all parts.
public enum SetScorer {
  /// A collective call, the same on every worker.
  ///
  /// Each part is counted by itself and the parts are added up along the fixed tree: the same bits for any number of workers.
  ///
  /// - Parameter logits: One matrix per own part, shape (inner, classes).
  public static func evaluate(
    _ logits: [Matrix], parts: [LocalPartition], nodeType: Int, reducer: GradientReducer
  ) throws -> Evaluation {
    Evaluation(
      validation: try score(logits, parts: parts, nodeType: nodeType, nodes: \.validation, reducer),
      test: try score(logits, parts: parts, nodeType: nodeType, nodes: \.test, reducer))
  }

  private static func score(
    _ logits: [Matrix], parts: [LocalPartition], nodeType: Int, nodes: KeyPath<NodeShard, ArrayView<UInt32>>, _ reducer: GradientReducer
  ) throws -> SetScores {
    var sums: [Int: [Double]] = [:]
    for (part, logits) in zip(parts, logits) {
      sums[part.part] = partSums(logits.view, part, nodeType, part.nodes[nodeType][keyPath: nodes])
    }
    let total = try reducer.orderedSum(sums)
    let (loss, correct, count) = (total[0], total[1], total[2])
    guard count > 0 else { return SetScores() }
    let decisions = DecisionCounts(values: total[3...])
    return SetScores(
      scores: Scores([
        .accuracy: correct / count, .loss: loss / count, .microF1: decisions.microF1, .macroF1: decisions.macroF1(onlyPresent: true),
      ]), classes: decisions.table)
  }

  /// (loss, correct, count, decisions) of some nodes of one part.
  private static func partSums(_ logits: MatrixView, _ part: LocalPartition, _ nodeType: Int, _ nodes: ArrayView<UInt32>) -> [Double] {
    let labels = part.nodes[nodeType].labels
    let firstOfType = Int(part.book.innerRange(of: part.part, type: nodeType).lowerBound - part.firstGlobalID)
    var sums = SoftmaxCrossEntropy.Sums()
    var decisions = DecisionCounts(classes: logits.columns)
    for node in nodes {
      guard var label = labels?[Int(node) - firstOfType], label >= 0 else { continue }
      let row = MatrixView(base: logits.row(Int(node)), rows: 1, columns: logits.columns, stride: logits.stride)
      sums += SoftmaxCrossEntropy.evaluate(row, labels: &label, gradient: nil, threads: Threads(1))
      decisions.count(label: Int(label), predicted: SoftmaxCrossEntropy.argmax(row.base, count: row.columns))
    }
    return [sums.loss, Double(sums.correct), Double(sums.count)] + decisions.values
  }
}
