import Kernels
public import Partitions
public import Tensors

/// Turns a part's logits into the file of its predictions.
public enum PartPredictions {
  /// Element type and columns of predictions from `outputs` logits.
  public static func rows(_ kind: PredictionKind, outputs: Int) -> PredictionManifest.Rows {
    switch kind {
    case .classes: PredictionManifest.Rows(output: .predictions, elementType: .int32, columns: 1)
    case .labels: PredictionManifest.Rows(output: .predictions, elementType: .uint8, columns: outputs)
    case .values: PredictionManifest.Rows(output: .predictions, elementType: .float32, columns: outputs)
    }
  }

  /// Writes `part-000/predictions.npy` under `directory` and returns its record; memory: one row.
  ///
  /// - Parameter logits: Shape (inner, outputs).
  public static func write(_ logits: MatrixView, _ kind: PredictionKind, part: Int, directory: String) throws -> FileRecord {
    let name = "\(PartFiles.folder(part))/\(PredictionOutput.predictions.rawValue).npy"
    let rows = rows(kind, outputs: logits.columns)
    let shape = kind == .classes ? [logits.rows] : [logits.rows, logits.columns]
    let writer = try NPYWriter(creating: "\(directory)/\(name)", elementType: rows.elementType, shape: shape)
    for row in 0..<logits.rows {
      let values = UnsafeBufferPointer(start: logits.row(row), count: logits.columns)
      switch kind {
      case .classes: try writer.write(CollectionOfOne(Int32(SoftmaxCrossEntropy.argmax(logits.row(row), count: logits.columns))))
      case .labels: try writer.write(values.map { BinaryCrossEntropy.isPositive($0) ? UInt8(1) : 0 })
      case .values: try writer.write(values)
      }
    }
    try writer.close()
    return try FileRecord(of: "\(directory)/\(name)", path: name)
  }
}
