import Graphs

/// A way in which datasets are published: which files there are, and what they say.
protocol DatasetLayout {
  /// Names of the splits, sorted.
  ///
  /// - Throws: `InputError` when they cannot be told.
  func splitNames() throws -> [String]

  /// Reads the dataset into a graph with one node type and one relation; features of nodes and of edges are the table `feat`.
  ///
  /// - Parameter splits: The splits to read, in the order in which the graph is to have them.
  /// - Throws: `InputError` with file and line, or array, where something is missing, damaged or does not fit.
  func read(splits: [String], context: IngestContext) throws -> RawGraph
}
