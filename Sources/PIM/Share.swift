/// A contiguous share of a slice: destinations, and edges that are theirs.
///
/// Where rows are split the first and the last destination may have edges in neighbouring shares as well.
struct Share: Hashable {
  var rows: Range<Int>
  var edges: Range<Int>

  /// All of a slice.
  init(all slice: SliceEdges) {
    rows = 0..<slice.rowCount
    edges = 0..<slice.edgeCount
  }

  init(rows: Range<Int>, edges: Range<Int>) {
    self.rows = rows
    self.edges = edges
  }

  private init(rows: Range<Int>, of slice: SliceEdges) {
    self.init(rows: rows, edges: slice.offset(rows.lowerBound)..<slice.offset(rows.upperBound))
  }

  /// Equally many rows for each of `parts`.
  func byRows(_ parts: Int, _ slice: SliceEdges) -> [Share] {
    (0..<parts).map { part in
      Share(rows: rows.lowerBound + rows.count * part / parts..<rows.lowerBound + rows.count * (part + 1) / parts, of: slice)
    }
  }

  /// Whole rows with about equally many edges for each of `parts`: a part begins with the first row whose edges begin at or after
  /// its even share.
  func byEdges(_ parts: Int, _ slice: SliceEdges) -> [Share] {
    guard !edges.isEmpty else { return byRows(parts, slice) }
    let begins = (0...parts).map { part in
      if part == 0 { return rows.lowerBound }
      if part == parts { return rows.upperBound }
      let target = edges.lowerBound + edges.count * part / parts
      return slice.first(in: rows) { slice.offset($0) >= target }
    }
    return (0..<parts).map { Share(rows: begins[$0]..<begins[$0 + 1], of: slice) }
  }

  /// Equally many edges for each of `parts`, and the rows they belong to.
  func exactly(_ parts: Int, _ slice: SliceEdges) -> [Share] {
    (0..<parts).map { part in
      let own = edges.lowerBound + edges.count * part / parts..<edges.lowerBound + edges.count * (part + 1) / parts
      guard !own.isEmpty else { return Share(rows: rows.lowerBound..<rows.lowerBound, edges: own) }
      return Share(rows: slice.row(ofEdge: own.lowerBound)..<slice.row(ofEdge: own.upperBound - 1) + 1, edges: own)
    }
  }

  /// Shares of the cores of a cluster that holds all of `slice`.
  static func ofCores(_ count: Int, _ strategy: PIMStrategy, _ slice: SliceEdges) -> [Share] {
    let all = Share(all: slice)
    switch strategy.cores {
    case .rows: return all.byRows(count, slice)
    case .nonZeros: return all.byEdges(count, slice)
    case .exact: return all.exactly(count, slice)
    }
  }

  /// Shares of a core's tasklets.
  func ofTasklets(_ strategy: PIMStrategy, _ slice: SliceEdges) -> [Share] {
    switch strategy.taskletSplit {
    case .rows: return byRows(strategy.tasklets, slice)
    // A core whose rows are split with others has edges of its own alone.
    case .nonZeros: return strategy.cores == .exact ? byOwnEdges(strategy.tasklets, slice) : byEdges(strategy.tasklets, slice)
    case .exactLocked, .exactLockFree: return exactly(strategy.tasklets, slice)
    }
  }

  /// Like `byEdges` for a share whose first and last rows have edges elsewhere.
  private func byOwnEdges(_ parts: Int, _ slice: SliceEdges) -> [Share] {
    guard !edges.isEmpty else { return byRows(parts, slice).map { Share(rows: $0.rows, edges: edges) } }
    func begin(_ row: Int) -> Int { min(max(slice.offset(row), edges.lowerBound), edges.upperBound) }
    let begins = (0...parts).map { part in
      if part == 0 { return rows.lowerBound }
      if part == parts { return rows.upperBound }
      let target = edges.lowerBound + edges.count * part / parts
      return slice.first(in: rows) { begin($0) >= target }
    }
    return (0..<parts).map { part in
      let own = begins[part]..<begins[part + 1]
      return Share(rows: own, edges: begin(own.lowerBound)..<begin(own.upperBound))
    }
  }
}
