import Kernels
import Sampling
import Tensors

/// The rows of edges that layers read beside those of nodes.
extension Model {
  /// Checks the `edgeRows` of a pass over sampled blocks.
  func check(_ edgeRows: [[InputRows]], of blocks: [Block]) {
    precondition(edgeRows.count == (shape.readsEdges ? blocks.count : 0), "edge rows of \(edgeRows.count) blocks")
    for (block, rows) in zip(blocks, edgeRows) {
      precondition(rows.count == shape.edgeRelations.count, "edge rows of \(rows.count) relations")
      for (relation, rows) in zip(shape.edgeRelations, rows) {
        precondition(rows.count == block.relations[relation].edgeCount, "\(rows.count) rows for other edges")
        precondition(rows.columns == shape.edgeColumns[relation], "edge rows of \(rows.columns) columns")
      }
    }
  }

  /// The rows of a sampled block's edges, of every relation that has some.
  func features(of block: Block, _ rows: [InputRows], _ workspace: EdgeFeatureWorkspace) -> [EdgeFeatures] {
    let order = workspace.numbers(below: block.relations.reduce(0) { max($0, $1.edgeCount) })
    return zip(shape.edgeRelations, rows).map { relation, rows in
      workspace.features(
        rows, relation: relation, destinationCount: block.destinationCount, indptr: block.relations[relation].indptr.pointer, order: order)
    }
  }

  /// The rows of all in-edges of the inner nodes `destinations`, of every relation that has some.
  func features(of edges: InferenceEdges, destinations: Range<Int>, _ workspace: EdgeFeatureWorkspace) -> [EdgeFeatures] {
    let relations = shape.edgeRelations
    precondition(edges.rows.count == relations.count, "edge rows of \(edges.rows.count) relations")
    let order = workspace.numbers(below: edges.rows.reduce(0) { max($0, $1.range(of: destinations).count) })
    return zip(relations, edges.rows).map { relation, table in
      let range = table.range(of: destinations)
      let (indptr, references) = (workspace.indptr[relation], workspace.references[relation])
      indptr.reset(to: destinations.count + 1)
      for row in 0...destinations.count {
        indptr.pointer[row] = UInt32(table.indptr[destinations.lowerBound + row] - Int64(range.lowerBound))
      }
      references.reset(to: range.count)
      for edge in 0..<range.count { references.pointer[edge] = RowReference(segment: 0, row: range.lowerBound + edge) }
      let rows = InputRows(segments: table.rows, references: references.readOnly, columns: shape.edgeColumns[relation])
      return workspace.features(rows, relation: relation, destinationCount: destinations.count, indptr: indptr.pointer, order: order)
    }
  }
}
