public import Tensors

/// Nodes of other parts that a part's batches are expected to read, those with replicas left out: as many as the part has nodes.
public struct ExpectedRows: Sendable {
  /// Global ids, the most wanted first.
  public let nodes: ArrayView<Int64>
  /// Probability that a batch of the part reads each of them, shape (nodes), not increasing; of the batches that
  /// `Manifest.expectedReads` names.
  public let probabilities: ArrayView<Float>
}

extension PartFiles {
  /// Names of the two files.
  static let expectedRows = "expected_rows"
  static let expectedProbabilities = "expected_probabilities"

  /// Maps what the part's batches are expected to read; checks shapes.
  ///
  /// - Returns: `nil` where the directory does not say.
  func expectedRows(of manifest: Manifest) throws -> ExpectedRows? {
    guard let count = manifest.parts[part].expectedRows else { return nil }
    return ExpectedRows(
      nodes: try array(Self.expectedRows, of: Int64.self, [count]),
      probabilities: try array(Self.expectedProbabilities, of: Float.self, [count]))
  }
}
