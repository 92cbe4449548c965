import Kernels
import Tensors

/// The table rows of a layer's edges along one relation, brought together by destination: the part of a layer that reads edges and not
/// nodes.
///
/// Edge `e` of the relation has row `e`, so that the edges of a destination read rows that follow each other. No parameter takes part, and
/// rows are neither normalised nor dropped.
struct EdgeFeatures: @unchecked Sendable {
  // Sendable: read-only; its maker keeps the arrays valid and unchanged while it is used.
  private enum Rows {
    case dense(RowSource)
    case sparse([SparseSegment], UnsafeBufferPointer<RowReference>)
  }

  let columns: Int
  private let rows: Rows
  /// The edges; each reads the row of its own number.
  private let edges: Neighborhood

  /// - Parameters:
  ///   - rows: One for each edge.
  ///   - destinationCount: `D`.
  ///   - indptr: First edge of each destination, shape (`D` + 1).
  ///   - order: 0, 1, 2 … for every edge.
  ///   - segments: Filled with the rows' segments.
  init(
    _ rows: InputRows, destinationCount: Int, indptr: UnsafePointer<UInt32>, order: UnsafePointer<UInt32>, segments: SegmentTable
  ) {
    columns = rows.columns
    switch rows.segments {
    case .dense: self.rows = .dense(RowSource(rows, segments: segments))
    case .sparse(let sparse): self.rows = .sparse(sparse, rows.references)
    }
    edges = Neighborhood(destinationCount: destinationCount, indptr: indptr, sources: order)
  }

  /// `out[v] = mean(row[e] for e in edges of v)` for destinations `range`; zeros without edges.
  ///
  /// - Parameter out: Shape (`range.count`, `columns`); overwritten.
  func writeMeans(_ range: Range<Int>, into out: MatrixView) {
    switch rows {
    case .dense(let source): Aggregation.aggregate(range, of: edges, rows: source, .mean, into: out)
    case .sparse(let segments, let references):
      for (index, destination) in range.enumerated() {
        let own = Int(edges.begin[destination])..<Int(edges.end[destination])
        Self.writeMean(of: UnsafeBufferPointer(rebasing: references[own]), in: segments, into: out.row(index), columns: columns)
      }
    }
  }

  /// Entries are added in the order of the edges.
  private static func writeMean(
    of references: UnsafeBufferPointer<RowReference>, in segments: [SparseSegment], into out: UnsafeMutablePointer<Float>, columns: Int
  ) {
    out.update(repeating: 0, count: columns)
    guard !references.isEmpty else { return }
    for reference in references {
      let segment = segments[reference.segment]
      let (columns, values) = (segment.indices.pointer, segment.values.pointer)
      for entry in Int(segment.indptr[reference.row])..<Int(segment.indptr[reference.row + 1]) {
        out[Int(columns[entry])] += values[entry]
      }
    }
    RowArithmetic.scale(out, by: 1 / Float(references.count), count: columns)
  }
}

/// Memory of a layer's edge rows, used again for every block.
final class EdgeFeatureWorkspace: Sendable {
  /// 0, 1, 2 …
  private let order = GrowingBuffer<UInt32>()
  /// By relation.
  private let segments: [SegmentTable]
  /// In exact inference: where the rows of a chunk's edges lie, and how they are shared out; by relation.
  let references: [GrowingBuffer<RowReference>]
  let indptr: [GrowingBuffer<UInt32>]

  init(relations: Int) {
    segments = (0..<relations).map { _ in SegmentTable() }
    references = (0..<relations).map { _ in GrowingBuffer() }
    indptr = (0..<relations).map { _ in GrowingBuffer() }
  }

  /// The rows of one relation's edges; parameters as of `EdgeFeatures`.
  ///
  /// - Parameter order: As `numbers(below:)` gives it.
  func features(
    _ rows: InputRows, relation: Int, destinationCount: Int, indptr: UnsafePointer<UInt32>, order: UnsafePointer<UInt32>
  ) -> EdgeFeatures {
    EdgeFeatures(rows, destinationCount: destinationCount, indptr: indptr, order: order, segments: segments[relation])
  }

  /// The numbers below `count`, valid until more of them are asked for.
  func numbers(below count: Int) -> UnsafePointer<UInt32> {
    let known = order.count
    if count > known {
      order.reset(to: count)
      for number in 0..<count { order.pointer[number] = UInt32(number) }
    }
    return UnsafePointer(order.pointer)
  }
}
