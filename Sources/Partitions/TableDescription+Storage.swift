package import Tensors

extension TableDescription {
  /// Describes how `table` is stored in a partition directory.
  ///
  /// Rows of a dense table are padded to whole lines of 64 bytes where that adds at most a quarter to them and saves a tenth of the
  /// lines that they touch. Rows of `w` bytes one after the other begin at every multiple of `g`, the greatest power of two that divides
  /// `w` and 64, and touch `1 + (w − g) / 64` lines in the mean: 104 bytes (100 int8 elements and their scale) 2.5, with padding 2;
  /// 400 bytes 7 lines either way.
  ///
  /// - Parameter relation: The relation whose edges the rows are of; `nil`: they are nodes'.
  package init(storing table: FeatureTable, name: String, nodeType: Int, relation: Int? = nil, types: TableTypes) {
    switch table {
    case .dense(let rows):
      let elementType = types.type(of: rows, named: name, ofEdges: relation != nil)
      self.init(dense: name, nodeType: nodeType, relation: relation, columns: rows.columns, elementType: elementType)
    case .sparse(let rows):
      self.init(
        name: name, nodeType: nodeType, relation: relation, layout: .sparse, columns: rows.columns, elementType: .float32, strideBytes: 0)
    }
  }

  /// A dense table as it is stored; see above.
  package init(dense name: String, nodeType: Int, relation: Int? = nil, columns: Int, elementType: ElementType) {
    let width = elementType.rowBytes(columns: columns)
    let lines = (width + 63) / 64
    let begin = min(64, width & -width)
    let pays = lines * 64 * 4 <= width * 5 && lines * 64 * 10 <= (64 + width - begin) * 9
    self.init(
      name: name, nodeType: nodeType, relation: relation, layout: .dense, columns: columns, elementType: elementType,
      strideBytes: pays ? lines * 64 : width)
  }

  /// Elements of a stored row of a dense table, padding included.
  package var storedColumns: Int { strideBytes / elementType.size }

  /// Bytes of a row of a dense table without its padding, as it travels; a row of int8 with its scale.
  public var rowBytes: Int { elementType.rowBytes(columns: columns) }
}
