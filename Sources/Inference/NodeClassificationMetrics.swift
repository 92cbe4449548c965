public import Collectives
import Kernels
public import Partitions
public import Tensors

/// Exact accuracy and loss on the three sets, over all parts.
public struct NodeClassificationMetrics: Equatable, Sendable {
  public struct Score: Equatable, Sendable {
    /// Labelled nodes of the set.
    public var count: Int
    /// Share of them classified rightly; 0 of an empty set.
    public var accuracy: Double
    /// Mean cross-entropy; 0 of an empty set.
    public var loss: Double
  }

  public var train: Score
  public var validation: Score
  public var test: Score

  /// Scores every part's logits and sums over parts along the fixed tree; a collective call, the same on every worker.
  ///
  /// - Parameter logits: One matrix per own part, shape (inner, classes).
  public static func measure(
    _ logits: [Matrix], parts: [LocalPartition], nodeType: Int, reducer: GradientReducer
  ) throws -> NodeClassificationMetrics {
    var sums: [Int: [Double]] = [:]
    for (part, logits) in zip(parts, logits) { sums[part.part] = partSums(logits.view, part, nodeType) }
    let total = try reducer.orderedSum(sums)
    let scores = (0..<3).map { set -> Score in
      let (count, correct, loss) = (total[3 * set], total[3 * set + 1], total[3 * set + 2])
      return Score(count: Int(count), accuracy: count > 0 ? correct / count : 0, loss: count > 0 ? loss / count : 0)
    }
    return NodeClassificationMetrics(train: scores[0], validation: scores[1], test: scores[2])
  }

  /// (count, correct, loss) of the training, validation and test nodes of one part.
  private static func partSums(_ logits: MatrixView, _ part: LocalPartition, _ nodeType: Int) -> [Double] {
    let shard = part.nodes[nodeType]
    let firstOfType = Int(part.book.innerRange(of: part.part, type: nodeType).lowerBound - part.firstGlobalID)
    let train = stride(from: 0, to: shard.train.count, by: 2).map { shard.train[$0] }
    return [train, Array(shard.validation), Array(shard.test)].flatMap { nodes -> [Double] in
      var sums = SoftmaxCrossEntropy.Sums()
      for node in nodes {
        guard var label = shard.labels?[Int(node) - firstOfType] else { continue }
        let row = MatrixView(base: logits.row(Int(node)), rows: 1, columns: logits.columns, stride: logits.stride)
        sums += SoftmaxCrossEntropy.evaluate(row, labels: &label, gradient: nil, threads: Threads(1))
      }
      return [Double(sums.count), Double(sums.correct), sums.loss]
    }
  }
}
