import Tensors

/// An array of a chunked graph that has a row for each node of a type, or each edge of a relation.
struct ChunkedRows {
  let folder: String
  let files: ChunkedGraphMetadata.Files
  let count: Int
  /// What has a row each, `node` or `edge`, for errors.
  let owner: String
  /// Names the array, for errors.
  let place: String

  /// The chunks of an array one after the other; a single one stays mapped.
  ///
  /// - Throws: `InputError` when arrays do not have a row for each node or edge.
  func joined() throws -> DenseRows {
    guard files.format.name == "numpy" else {
      throw InputError(place, expected: "\(owner) data as numpy", found: "'\(files.format.name)'")
    }
    let chunks = try files.data.map { try NPYArray(mapping: ChunkedGraphMetadata.place($0, in: folder)) }
    let filled = chunks.filter { $0.shape.first != 0 }
    guard let first = filled.first ?? chunks.first, (1...2).contains(first.shape.count) else {
      throw InputError(place, expected: "arrays of shape (\(owner)s) or (\(owner)s, columns)", found: "others")
    }
    let columns = first.shape.count == 1 ? 1 : first.shape[1]
    for chunk in filled where chunk.elementType != first.elementType || chunk.shape.dropFirst() != first.shape.dropFirst() {
      throw InputError(
        chunk.path, expected: "\(first.elementType) of shape \(first.shape) as in \(first.path), but for the first number",
        found: "\(chunk.elementType) of shape \(chunk.shape)")
    }
    let found = filled.reduce(0) { $0 + $1.shape[0] }
    guard found == count, columns > 0 else {
      throw InputError(place, expected: "\(count) rows, one for each \(owner)", found: "\(found) of \(columns) columns")
    }
    let stride = columns * first.elementType.size
    var bytes = first.bytes
    if filled.count > 1 {
      let whole = Buffer<UInt8>(count: count * stride)
      var done = 0
      for chunk in filled {
        (whole.pointer + done).update(from: chunk.bytes.pointer, count: chunk.bytes.count)
        done += chunk.bytes.count
      }
      bytes = whole.view
    }
    // NumPy's int8 has no scales, which rows of that type need here.
    if first.elementType == .int8 {
      let floats = Buffer<Float>(count: count * columns)
      for index in 0..<floats.count { floats.pointer[index] = Float(Int8(bitPattern: bytes.pointer[index])) }
      return DenseRows(floats: floats, rows: count, columns: columns)
    }
    return DenseRows(rows: count, columns: columns, strideBytes: stride, elementType: first.elementType, bytes: bytes)
  }
}
