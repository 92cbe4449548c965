import Tensors

/// How the lines of a text file of edges are cut into fields, and which of these say what.
struct EdgeTableLayout: Sendable, Equatable {
  /// As `FieldCursor` takes it.
  var separator: UInt8
  /// Fields on every line.
  var fieldCount: Int
  /// Positions of the fields.
  var source: Int
  var destination: Int
  var weight: Int?
  /// Place in the edge's row of the number in each field, negative where it is none; empty where no edge has a row.
  var places: [Int]
  /// Numbers in a row.
  var featureCount: Int

  /// The separator of a line: a comma, else a semicolon, else a tab, else blanks, quoted ones aside.
  static func separator(of line: UnsafeRawBufferPointer) -> UInt8 {
    [0x2C, 0x3B, 0x09].first { TextField.contains($0, line) } ?? FieldCursor.blanks
  }

  /// The fields of a line that ends with a line feed.
  static func fields(of line: UnsafeRawBufferPointer, separator: UInt8) throws(LineError) -> [RawField] {
    var cursor = FieldCursor(line.baseAddress!.assumingMemoryBound(to: UInt8.self), separator: separator, line: 0)
    var fields: [RawField] = []
    while let field = try cursor.next() { fields.append(field) }
    return fields
  }

  /// Finds the columns that `format` asks for.
  ///
  /// - Parameters:
  ///   - names: What the header calls the columns; `nil` without a header.
  ///   - path: The file, for errors.
  /// - Throws: `InputError` when a column is not there, or two are one.
  init(_ format: EdgeListFormat, separator: UInt8, fieldCount: Int, names: [String]?, path: String) throws {
    func position(_ column: EdgeListFormat.Column?, _ option: String, standard: Int) throws -> Int {
      let columns = names.map { $0.joined(separator: ", ") } ?? "\(fieldCount) columns, from 0"
      if let column, let named = names?.firstIndex(of: column.text) { return named }
      let asked = column == nil ? standard : column?.position
      guard let position = asked, position < fieldCount else {
        throw InputError(option, expected: "a column of \(path) (\(columns))", found: "'\(column?.text ?? "\(standard)")'")
      }
      return position
    }
    self.separator = separator
    self.fieldCount = fieldCount
    source = try position(format.source, "--source-column", standard: 0)
    destination = try position(format.destination, "--destination-column", standard: 1)
    weight = try format.weight.map { try position($0, "--weight-column", standard: 2) }
    let features = try format.features.map { try position($0, "--feature-columns", standard: 0) }
    let chosen = [source, destination] + (weight.map { [$0] } ?? []) + features
    guard Set(chosen).count == chosen.count else {
      throw InputError(
        "--source-column, --destination-column, --weight-column" + (features.isEmpty ? "" : ", --feature-columns"),
        expected: "different columns of \(path)", found: chosen.map(String.init).joined(separator: ", "))
    }
    featureCount = features.count
    places = features.isEmpty ? [] : [Int](repeating: -1, count: fieldCount)
    for (place, field) in features.enumerated() { places[field] = place }
  }
}
