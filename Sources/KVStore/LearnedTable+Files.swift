import Glibc
public import Tensors

/// Files of learned rows, one `.safetensors` for each part.
///
/// `rows`, shape (nodes, columns), as they are stored; with state, one float32 array for each of the rule's names, shape (nodes, state width).
extension LearnedTable {
  static let rowsName = "rows"

  /// Own parts, increasing.
  public var partNumbers: [Int] { parts.map(\.part) }

  /// Name of a part's file.
  public static func fileName(part: Int) -> String {
    let digits = String(part)
    return "part-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits + ".safetensors"
  }

  /// Writes an own part's rows.
  ///
  /// - Parameter withState: Writes what the optimiser keeps as well: all that training needs to go on.
  /// - Throws: `SystemError` when the disk refuses.
  public func write(part: Int, withState: Bool, metadata: [String: String], to path: String) throws {
    let part = rows(of: part)
    var tensors = [
      SafeTensor(
        name: Self.rowsName, elementType: options.elementType, shape: [part.count, options.columns], bytes: part.values.view)
    ]
    if withState {
      for (name, values) in zip(options.optimizer.stateNames, part.state) {
        tensors.append(SafeTensor(name: name, shape: [part.count, stateWidth], floats: values.view))
      }
    }
    try SafeTensorsWriter.write(tensors, metadata: metadata, to: path)
  }

  /// Goes on from an own part's rows and state.
  ///
  /// - Throws: `SystemError` when the file cannot be read, `InputError` when it is of another table or rule.
  public func read(part: Int, from path: String) throws {
    let part = rows(of: part)
    let file = try SafeTensorsFile(mapping: path)
    let rows = try Self.rows(in: file, count: part.count, columns: options.columns, elementType: options.elementType)
    memcpy(part.values.pointer, rows.bytes.pointer, part.values.count)
    for (name, values) in zip(options.optimizer.stateNames, part.state) {
      let saved = try file.floats(name, shape: [part.count, stateWidth])
      withExtendedLifetime(saved) { values.pointer.update(from: saved.pointer, count: values.count) }
    }
  }

  /// The rows of a part's file, mapped.
  ///
  /// - Throws: `SystemError` when the file cannot be read, `InputError` when it holds other rows.
  public static func rows(at path: String, count: Int, columns: Int, elementType: ElementType) throws -> (DenseRows, [String: String]) {
    let file = try SafeTensorsFile(mapping: path)
    return (try rows(in: file, count: count, columns: columns, elementType: elementType), file.metadata)
  }

  private static func rows(in file: SafeTensorsFile, count: Int, columns: Int, elementType: ElementType) throws -> DenseRows {
    guard let tensor = file[rowsName] else { throw InputError(file.path, expected: "a tensor '\(rowsName)'", found: "none") }
    guard tensor.shape == [count, columns], tensor.elementType == elementType else {
      throw InputError(
        file.path, expected: "'\(rowsName)' of shape \([count, columns]), \(elementType)",
        found: "shape \(tensor.shape), \(tensor.elementType)")
    }
    return DenseRows(
      rows: count, columns: columns, strideBytes: elementType.rowBytes(columns: columns), elementType: elementType, bytes: tensor.bytes)
  }

  private var stateWidth: Int { options.optimizer.stateWidth(columns: options.columns) }

  private func rows(of part: Int) -> PartRows {
    guard let rows = parts.first(where: { $0.part == part }) else { preconditionFailure("part \(part) is another worker's") }
    return rows
  }
}
