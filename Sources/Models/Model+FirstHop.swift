public import Graphs
public import Kernels
public import Sampling
public import Tensors

/// Training over rows that hold the first layer's neighbourhoods: the outermost hop leaves every batch.
extension Model {
  /// What is computed once for every node; `nil` where parameters take part in what the first layer gathers.
  public var firstHop: FirstHop? { aggregatedLayer?.firstHop }

  /// Computes the logits of the seeds from aggregated rows. The parameters are those of any other pass.
  ///
  /// - Parameters:
  ///   - blocks: One per layer but the first, as for the other `forward`; none for a model of one layer.
  ///   - rows: The row of `firstHop` of each source of the first block, of each seed without blocks; their memory stays valid until
  ///     backward is done.
  ///   - nodes: Global ids of the rows' nodes, valid as long.
  /// - Returns: As the other `forward`.
  /// - Precondition: No input dropout; row normalisation is in the rows.
  public func forward(
    _ blocks: [Block], aggregated rows: InputRows, of nodes: UnsafeBufferPointer<GlobalID>, weights: UnsafePointer<Float>,
    dropout: DropoutKey?, workspace: ModelWorkspace, threads: Threads
  ) -> MatrixView {
    guard let first = aggregatedLayer else { preconditionFailure("the first layer gathers with parameters") }
    check(blocks, layers: layers.count - 1)
    precondition(rows.count == nodes.count && rows.count == blocks.first?.sourceCount ?? rows.count, "\(rows.count) rows for other nodes")
    precondition(rows.columns == first.firstHop.columns, "rows of \(rows.columns) columns, \(first.firstHop.columns) expected")
    precondition(shape.inputDropout == 0, "input dropout comes before aggregation")
    let input = prepare(aggregated: rows, of: nodes, first.firstHop, workspace, threads)
    workspace.input = input.rows
    workspace.aggregated = input
    let output = first.forward(
      input, weights: weights, dropout: self.dropout(ofOutputOf: 0, dropout), workspace: workspace.layers[0], threads: threads)
    return forward(
      blocks, after: [output], input.rows, weights: weights, dropout: dropout, workspace: workspace, threads: threads)
  }

  private func prepare(
    aggregated rows: InputRows, of nodes: UnsafeBufferPointer<GlobalID>, _ firstHop: FirstHop, _ workspace: ModelWorkspace,
    _ threads: Threads
  ) -> AggregatedInput {
    let ids = UnsafeRawPointer(nodes.baseAddress ?? UnsafePointer(bitPattern: 8).unsafelyUnwrapped).assumingMemoryBound(to: Int64.self)
    let edges = LayerEdges(rows: rows.count, ids: ids)
    if firstHop.isSparse {
      workspace.entries.fill(rows, 0..<rows.count, normalise: false, threads: threads)
      if firstHop.hasOwnRow, shape.residual { workspace.ownEntries.fill(workspace.entries, columnsBelow: firstHop.inputs) }
      return AggregatedInput(rows: .sparse(workspace.entries, first: 0), own: .sparse(workspace.ownEntries, first: 0), edges: edges)
    }
    // Own rows are the first columns of the same memory.
    let own = InputRows(segments: rows.segments, references: rows.references, columns: firstHop.inputs)
    return AggregatedInput(
      rows: .rows(RowSource(rows, segments: workspace.segments), scales: nil),
      own: .rows(RowSource(own, segments: workspace.segments), scales: nil), edges: edges)
  }
}
