import Graphs
import Kernels
import Models
import Tensors

extension Batch {
  /// Whether the rows of a relation's edges are sparse: wide ones are.
  func hasSparseRows(_ relation: Int) -> Bool { shape.edgeColumns[relation] >= 5 }

  /// The row of an edge, a function of its place.
  func edgeRow(layer: Int, relation: Int, destination: Int, place: Int) -> [Float] {
    var draws = Draws(UInt64(((layer * 8 + relation) * 65_536 + destination) * 64 + place))
    return (0..<shape.edgeColumns[relation]).map { _ in
      let value = draws.float()
      return hasSparseRows(relation) && draws.index(below: 3) > 0 ? 0 : value
    }
  }

  /// The rows of a relation's edges in a layer, destination after destination.
  func edgeRows(layer: Int, relation: Int) -> [[Float]] {
    edges[layer][relation].enumerated().flatMap { destination, sources in
      sources.indices.map { edgeRow(layer: layer, relation: relation, destination: destination, place: $0) }
    }
  }

  /// The rows of all edges as a pass takes them, each relation's in two segments behind references.
  var edgeRows: [[InputRows]] {
    guard shape.readsEdges else { return [] }
    return (0..<shape.layers).map { layer in
      shape.edgeRelations.map { relation in
        let rows = edgeRows(layer: layer, relation: relation)
        let half = rows.count / 2
        let references = keep(
          Buffer(copying: rows.indices.map { RowReference(segment: $0 < half ? 1 : 0, row: $0 < half ? half - 1 - $0 : $0 - half) }))
        let columns = shape.edgeColumns[relation]
        let parts = [Array(rows[half...]), Array(rows[..<half].reversed())]
        let segments: InputRows.Segments =
          hasSparseRows(relation)
          ? .sparse(parts.map { Self.sparse($0, columns: columns) })
          : .dense(parts.map { RowSegment(MatrixView($0, columns: columns), owner: nil) })
        return InputRows(segments: segments, references: UnsafeBufferPointer(references.elements), columns: columns)
      }
    }
  }

  /// The rows of the first layer's edges as exact inference takes them.
  var inferenceEdgeRows: [InferenceEdgeRows] {
    shape.edgeRelations.map { relation in
      let rows = edgeRows(layer: 0, relation: relation)
      let columns = shape.edgeColumns[relation]
      var indptr: [Int64] = [0]
      for sources in edges[0][relation] { indptr.append(indptr[indptr.count - 1] + Int64(sources.count)) }
      let segments: InputRows.Segments =
        hasSparseRows(relation)
        ? .sparse([Self.sparse(rows, columns: columns)]) : .dense([RowSegment(MatrixView(rows, columns: columns), owner: nil)])
      return InferenceEdgeRows(segments, indptr: ArrayView(indptr))
    }
  }
}

extension ModelShape {
  /// Layers that read rows of edges: both orders of their product, one relation and several of which some have rows, dense and sparse node
  /// and edge rows, and what may follow a layer.
  static let withEdgeRows: [ModelShape] = {
    let narrow = ModelShape(inputColumns: 3, hidden: 5, layers: 2, classes: 7)
    let wide = ModelShape(inputColumns: 11, hidden: 5, layers: 2, classes: 2, dropout: 0.3, inputDropout: 0.25)
    let several = ModelShape(inputColumns: 3, hidden: 5, layers: 3, classes: 3, relations: ["a", "b", "c"], dropout: 0.4)
    let sparse = ModelShape(
      inputColumns: 12, sparseInput: true, hidden: 4, layers: 2, classes: 3, relations: ["a", "b"], inputDropout: 0.3, rowNormalise: true)
    return [
      narrow.with { $0.edgeColumns = [1] },
      narrow.with { $0.edgeColumns = [4] },
      narrow.with { $0.edgeColumns = [6] },
      wide.with { $0.edgeColumns = [3] },
      wide.with { $0.edgeColumns = [9] },
      ModelShape(inputColumns: 9, hidden: 1, layers: 1, classes: 4).with { $0.edgeColumns = [2] },
      several.with { $0.edgeColumns = [2, 0, 3] },
      several.with { ($0.edgeColumns, $0.inputColumns) = ([0, 7, 2], 8) },
      sparse.with { $0.edgeColumns = [4, 0] },
      sparse.with { $0.edgeColumns = [5, 3] },
      narrow.with { ($0.edgeColumns, $0.rowNormalise) = ([3], true) },
      narrow.with { ($0.edgeColumns, $0.residual, $0.norm, $0.activation) = ([3], true, .layer, .prelu) },
      wide.with { ($0.edgeColumns, $0.jump, $0.l2Normalise) = ([3], .concatenate, true) },
    ]
  }()
}
